// A check that stays over other stages: what it wrote before is there afterwards.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

constexpr std::uint64_t kBytes = 64 << 20;

void run(Context& context) {
  const auto buffer = context.gpu().allocate(kBytes);
  const Word128 written{context.seed(), 1};
  if (Cells* cells = buffer->cells()) cells->store(0, written);
  context.stay();
  const bool kept = buffer->cells() == nullptr || buffer->cells()->load(0) == written;
  context.measure("value", kept ? 1 : 0, Unit::count);
}

Check declaration() {
  Check check = declare("selftest.resident", "keeps its memory over other stages", Scope::gpu, run);
  check.stays = true;
  return check;
}

const Registered check{declaration()};

}  // namespace
}  // namespace assay::selftest
