// A communicator of some ranks: what they do together in it, with deadlines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/check.h"
#include "kernels/collective_data/collective_data.h"
#include "suites/collective/meeting.h"
#include "suites/collective/peers.h"

namespace assay::collective {

/// How long what others have a part in may take before it hangs, in seconds: PyTorch gives a collective ten
/// minutes; here nothing takes more than a few.
struct Deadlines {
  double init_s = 60, collective_s = 30, finalize_s = 30;
};

class Session {
 public:
  /// Of those ranks, by their numbers among the peers, of which this is one; on the context's GPU. `id`: of
  /// Peers::id_for(). Throws DeviceError.
  Session(Context& context, const Peers& peers, std::vector<int> group, const nccl::UniqueId& id,
          const Deadlines& deadlines = {});

  int rank() const { return communicator_->rank(); }
  int ranks() const { return communicator_->ranks(); }

  /// Puts it into the data's stream.
  void begin(const nccl::Request& request, RankData& data);
  /// Until all is done that was put into the data's stream. Throws DeviceError; where it hangs, of codes::
  /// collective_hung with the GPU that the others wait for, or codes::collective_hung_somewhere.
  void wait(RankData& data, const std::string& what);
  /// The same, of what was put there before a mark.
  void wait_for_mark(RankData& data, std::size_t mark, const std::string& what);
  /// All ranks part. Throws DeviceError.
  void finalize();

 private:
  /// The first may take as long as initialisation: NCCL puts connections off until then.
  double most_of_a_collective() const;
  /// Looks at it again and again, the less often the longer it takes. Throws what hung() does; does not
  /// return where a rank is gone.
  void wait_until(const std::function<bool()>& done, double most_s, const std::string& what);
  /// It did not come to its end in time: asks NCCL's RAS before anything else. Where all ranks are in it they
  /// meet then, so that one that is blocked for good is named by the supervisor, which ends the others, and
  /// say what they know; only then lets go of it, since NCCL's abort waits for threads that may hang
  /// themselves.
  [[noreturn]] void hung(const std::string& what);
  /// A rank is gone. Who it is, the supervisor knows, which ends this one too: what RAS knows is kept beside.
  void wait_in_vain();
  /// Two do, in case one is the rank that hangs: RAS asks all ranks each time, and waits for those that do
  /// not answer.
  bool asks_ras() const;
  /// What RAS tells of the communicator's ranks. Keeps its answer.
  HungRank ask_ras_who() const;

  Context& context_;
  const Peers& peers_;
  std::vector<int> group_;
  Deadlines deadlines_;
  std::uint64_t asked_ = 0;  // calls of NCCL
  bool connected_ = false;   // a collective has come to its end
  std::unique_ptr<Communicator> communicator_;
};

/// Whether it is one of those that Session::wait() throws for what hangs.
bool is_hang(const DeviceError& error);

}  // namespace assay::collective
