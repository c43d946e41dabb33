// A check that has the node to itself: one GPU after the other.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", context.devices() == 1 ? 1 : 0, Unit::count);
}

const Registered check{declare("selftest.serial", "works on one GPU at a time", Scope::gpu_serial, run)};

}  // namespace
}  // namespace assay::selftest
