// A check under which a library prints to the wrong descriptor.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  context.send_raw("warning: something is deprecated\n");
}

const Registered check{declare("selftest.noise", "writes noise onto the pipe", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
