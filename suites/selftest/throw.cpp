// A check that throws.
#include <stdexcept>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  throw std::runtime_error("thrown on purpose");
}

const Registered check{declare("selftest.throw", "throws what nobody catches", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
