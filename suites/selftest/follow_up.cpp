// A check that is due only on the pairs with a GPU whose memory was found slow, or once a self-test has
// failed.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
}

Check declaration() {
  Check check = declare("selftest.follow_up", "runs on the pairs of an accused GPU", Scope::pair, run);
  check.follows = Condition{{"memory.slow", "selftest.wrong_value"}, true};
  return check;
}

const Registered check{declaration()};

}  // namespace
}  // namespace assay::selftest
