// A check that passes.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
}

const Registered check{declare("selftest.pass", "passes", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
