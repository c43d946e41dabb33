// A check of pairs in which one meets an error that the GPUs contained, as a bad access of a peer's memory
// is.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  throw DeviceError(codes::contained_error, "kernel: cudaErrorContained, on purpose");
}

const Registered check{
    declare("selftest.contained", "ends in an error that one of two GPUs contained", Scope::pair, run)};

}  // namespace
}  // namespace assay::selftest
