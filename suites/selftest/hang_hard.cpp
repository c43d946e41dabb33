// A check that never ends, not even when it is asked to.
#include <unistd.h>

#include <csignal>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  std::signal(SIGTERM, SIG_IGN);
  for (;;) pause();
}

const Registered check{declare("selftest.hang_hard", "never ends, and ignores SIGTERM", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
