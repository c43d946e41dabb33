// A check that stays over other stages: what it wrote before is there afterwards.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

constexpr std::uint64_t kBytes = 64 << 20;

void run(Context& context) {
  const std::uint64_t free_before = context.gpu().memory().free_bytes;
  const auto buffer = context.gpu().allocate(kBytes);
  const Word128 written{context.seed(), 1};
  if (Cells* cells = buffer->cells()) cells->store(0, written);
  context.stay();
  const bool kept = buffer->cells() == nullptr || buffer->cells()->load(0) == written;
  const bool held = context.gpu().memory().free_bytes < free_before;
  context.measure("value", kept && held ? 1 : 0, Unit::count);
}

Check declaration() {
  Check check = declare("selftest.resident", "keeps its memory over other stages", Scope::gpu, run);
  check.stays = true;
  return check;
}

const Registered check{declaration()};

}  // namespace
}  // namespace assay::selftest
