// A rank among its peers: how they meet, do collectives together with deadlines, and part.
#pragma once

#include <functional>
#include <memory>
#include <string>

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
  /// Looks at it again and again, at first often.
  void wait_until(const std::function<bool()>& done, double most_s, const std::string& what);

  Context& context_;
  std::uint64_t seed_ = 0;
  std::unique_ptr<Communicator> communicator_;
};

}  // namespace assay::collective
