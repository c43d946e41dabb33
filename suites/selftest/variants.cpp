// A check with two variants: each has fresh processes with an environment of its own, and none of ours that
// would bend NCCL.
#include <cstdlib>
#include <string>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

constexpr const char* kVariable = "NCCL_ASSAY_SELFTEST";

void run(Context& context) {
  const char* const set = std::getenv(kVariable);
  const bool own = set != nullptr && set == context.variant();
  const bool clean = std::getenv("NCCL_ASSAY_INHERITED") == nullptr;
  context.measure("value", own && clean ? 1 : 0, Unit::count);
}

Check declaration() {
  Check check = declare("selftest.variants", "runs in two environments", Scope::ranks, run);
  check.variants = {{"ring", {{kVariable, "ring"}}}, {"tree", {{kVariable, "tree"}}}};
  return check;
}

const Registered check{declaration()};

}  // namespace
}  // namespace assay::selftest
