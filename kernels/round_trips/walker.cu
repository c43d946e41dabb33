#include "kernels/instructions/memory.h"
#include "kernels/memory_patterns.h"
#include "kernels/round_trips/chain.h"
#include "kernels/round_trips/walker.h"

namespace assay::latency::ASSAY_TARGET {
namespace {

__global__ void __launch_bounds__(1)
    follow(const Word128* chain, std::uint64_t seed, std::uint64_t loads, Walk* walk) {
  std::uint64_t place = walk->place, wrong = 0;
  for (std::uint64_t i = 0; i < loads; ++i) {
    const Word128 word = cuda::load_volatile(chain + place * memory::kLineWords);
    wrong += word.high != memory::mix64(word.low ^ seed) ? 1 : 0;
    place = word.low % kPlaces;
  }
  *walk = {place, walk->wrong + wrong};
}

}  // namespace

double Walker::walk(const Word128* chain, std::uint64_t seed, std::uint64_t loads, WorkKind kind, int peer) {
  watch_.start();
  cuda::launch({1, 1}, Work(kind, static_cast<double>(loads), peer), follow, chain, seed, loads, walk_.get());
  return watch_.stop() / static_cast<double>(loads);
}

}  // namespace assay::latency::ASSAY_TARGET
