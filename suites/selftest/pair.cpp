// A check of a pair of GPUs: one process that sees both and no other.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  const bool both = context.devices() == 2 && context.slot_of(0) != context.slot_of(1);
  const bool named = context.part() == Part::pair(context.slot_of(0), context.slot_of(1));
  const auto first = context.gpu(0).allocate(1 << 20), second = context.gpu(1).allocate(1 << 20);
  context.measure("value", both && named && first && second ? 1 : 0, Unit::count);
}

const Registered check{declare("selftest.pair", "works on both GPUs of each pair", Scope::pair, run)};

}  // namespace
}  // namespace assay::selftest
