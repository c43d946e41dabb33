#include "kernels/peer_copies/peer_copies.h"

#include <algorithm>

#include "kernels/target.h"

namespace assay::nvlink {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<PeerCopies> make_peer_copies(const std::vector<Gpu*>&, std::uint64_t,
                                                                    std::uint64_t))

std::unique_ptr<PeerCopies> make_peer_copies(const std::vector<Gpu*>& gpus, std::uint64_t bytes,
                                             std::uint64_t seed) {
  return ASSAY_OF_TARGET(*gpus.front(), make_peer_copies)(gpus, bytes, seed);
}

std::uint64_t bytes_of_each(std::uint64_t bytes, std::size_t gpus) {
  constexpr std::uint64_t kLine = 128;
  return bytes / std::max<std::size_t>(1, gpus) / kLine * kLine;
}

Work work_of(Engine engine, std::uint64_t bytes, int peer) {
  const auto amount = static_cast<double>(bytes);
  switch (engine) {
    case Engine::copies:
      return {WorkKind::to_peer, amount, peer};
    case Engine::stores:
      return {WorkKind::peer_stores, amount, peer};
    case Engine::loads:
      break;
  }
  return {WorkKind::peer_loads, amount, peer};
}

Work work_around(std::uint64_t bytes) {
  const auto amount = static_cast<double>(bytes);
  return Work(WorkKind::write, 2 * amount).add(WorkKind::read, amount);
}

}  // namespace assay::nvlink
