// A check whose measurement breaks its limit.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 0, Unit::count);
}

const Registered check{declare("selftest.fail", "measures what its limit forbids", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
