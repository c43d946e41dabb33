// A check whose worker aborts.
#include <cstdlib>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  std::abort();
}

const Registered check{declare("selftest.abort", "aborts", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
