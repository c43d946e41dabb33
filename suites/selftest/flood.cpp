// A check that sends without end.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  for (;;) context.measure("value", 1, Unit::count);
}

const Registered check{declare("selftest.flood", "floods the pipe", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
