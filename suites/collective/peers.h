// The ranks of a placement, before and beside any communicator: who they are, and how a few of them find one
// another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/check.h"
#include "suites/collective/legal.h"

namespace assay::collective {

class Peers {
 public:
  /// Meets all ranks.
  explicit Peers(Context& context);

  int rank() const { return context_.ranks().rank(); }
  int count() const { return static_cast<int>(of_.size()); }
  const Part& slot_of(int rank) const { return of_.at(static_cast<std::size_t>(rank)).slot; }
  const std::string& pci_address_of(int rank) const {
    return of_.at(static_cast<std::size_t>(rank)).pci_address;
  }
  /// The same for all ranks.
  std::uint64_t seed() const { return seed_; }
  /// Where NCCL's RAS listens in this process: of ranks that share an address only one would listen, and that
  /// can be the one that is stuck.
  const std::string& ras_address() const { return ras_address_; }
  std::vector<int> all() const;
  /// Whether several ranks have the same GPU.
  bool share_gpus() const;
  /// All of them have the same one: what goes wrong is that one's, whichever rank sees it.
  bool have_one_gpu() const;
  /// So many of them, in a communicator.
  Arrangement arrangement(int ranks) const { return {ranks, share_gpus()}; }

  /// All ranks ask at the same time, each for the group that it is in, and get what its first made; those
  /// that are in none get none.
  nccl::UniqueId id_for(const std::vector<int>& group);
  /// The least that anybody brings.
  std::uint64_t least(std::uint64_t mine);

 private:
  struct Peer {
    Part slot;
    std::string pci_address;
  };

  Context& context_;
  std::vector<Peer> of_;  // by rank
  std::uint64_t seed_ = 0;
  std::string ras_address_ = free_ras_address();
};

}  // namespace assay::collective
