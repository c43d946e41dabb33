// A check that stays over other stages: what it wrote before is there afterwards.
#include "kernels/memory_bandwidth.h"
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

constexpr std::uint64_t kBytes = 64 << 20;

void run(Context& context) {
  const auto held = memory::make_memory_bandwidth(context.gpu(), kBytes, context.seed());
  held->run(memory::Stream::copy, 1);
  context.stay();
  const bool kept = held->bad_words() == 0;
  context.measure("value", kept ? 1 : 0, Unit::count);
}

Check declaration() {
  Check check = declare("selftest.resident", "keeps its memory over other stages", Scope::gpu, run);
  check.stays = true;
  check.loads = {Resource::memory};
  return check;
}

const Registered check{declaration()};

}  // namespace
}  // namespace assay::selftest
