// A check that measures in another unit than it declared.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::watts);
}

const Registered check{declare("selftest.wrong_unit", "measures in the wrong unit", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
