// A check that never ends, and ends when it is asked to.
#include <unistd.h>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  for (;;) pause();
}

const Registered check{declare("selftest.hang", "never ends", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
