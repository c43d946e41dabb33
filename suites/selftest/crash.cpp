// A check whose worker crashes after it has measured.
#include <csignal>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  std::raise(SIGSEGV);
}

const Registered check{declare("selftest.crash", "dies of a segmentation fault", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
