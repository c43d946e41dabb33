// A check that measures no number.
#include <limits>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", std::numeric_limits<double>::quiet_NaN(), Unit::count);
}

const Registered check{declare("selftest.nan", "measures NaN", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
