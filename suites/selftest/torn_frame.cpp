// A check whose worker dies in the middle of a message.
#include <cstdlib>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  // The head of a message of 64 bytes, and nothing behind it.
  context.send_raw(std::string("ASAY\x40\0\0\0{", 9));
  std::_Exit(0);
}

const Registered check{declare("selftest.torn_frame", "tears a message", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
