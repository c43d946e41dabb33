// A check whose worker leaves without a word.
#include <cstdlib>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  std::_Exit(0);
}

const Registered check{declare("selftest.exit", "exits in the middle", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
