// A rank among its peers: how they meet, do collectives together with deadlines, and part.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/check.h"
#include "kernels/collective_data/collective_data.h"

namespace assay::collective {

/// How long what others have a part in may take before it hangs, in seconds: PyTorch gives a collective ten minutes;
/// here nothing takes more than a few.
inline constexpr double kMostInit_s = 60, kMostCollective_s = 30, kMostFinalize_s = 30;

class Session {
 public:
  /// Meets the other ranks and sets up a communicator on the context's GPU. Throws DeviceError; where NVLS is
  /// forced, and NCCL finds that it cannot be had, of the finding that this is.
  Session(Context& context, bool forces_nvls);

  int rank() const { return communicator_->rank(); }
  int ranks() const { return communicator_->ranks(); }
  /// The same for all ranks.
  std::uint64_t seed() const { return seed_; }
  /// Of each of the buffers, what all ranks have there to work on.
  std::uint64_t bytes_of_all(const RankData& data);

  /// Puts it into the data's stream.
  void begin(const nccl::Request& request, RankData& data);
  /// Until all is done that was put into the data's stream. Throws DeviceError of codes::collective_hung.
  void wait(RankData& data, const std::string& what);
  /// All ranks part. Throws DeviceError.
  void finalize();

 private:
  struct Peer {
    Part slot;
    std::string pci_address;
  };

  void meet();
  /// Looks at it again and again, at first often. Throws what hung() does.
  void wait_until(const std::function<bool()>& done, double most_s, const std::string& what);
  /// It did not come to its end in time: asks NCCL's RAS before anything else, has the supervisor name who is not
  /// there any more, and lets go of it.
  [[noreturn]] void hung(const std::string& what);
  /// Who holds the others up, by what RAS says; null: it does not tell. `why`: for people.
  const Peer* culprit(const RasAnswer& answer, std::string& why) const;

  Context& context_;
  std::uint64_t seed_ = 0;
  std::string ras_address_;
  std::vector<Peer> peers_;  // by rank
  std::unique_ptr<Communicator> communicator_;
};

}  // namespace assay::collective
