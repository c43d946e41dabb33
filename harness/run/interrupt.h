// Ctrl-C and its relatives, as a descriptor that the supervisor polls.
#pragma once

#include "harness/ipc/channel.h"

namespace assay::run {

/// What SIGTERM does, which schedulers send. The second is as a kill: the run can be resumed.
enum class OnTerminate { end_the_run, leave_it_open };

class Interrupt {
 public:
  /// Blocks SIGINT, SIGTERM and SIGHUP for good and receives them through a descriptor instead: one that
  /// comes while the reports are written or the process ends changes nothing any more. A SIGTERM that is to
  /// leave the run open is not among them.
  explicit Interrupt(OnTerminate on_terminate = OnTerminate::end_the_run);
  int fd() const { return fd_.get(); }
  /// A signal has come. Further ones are the same request: terminals, time-outs and people send it twice, and
  /// what ends the run is under way. SIGQUIT (Ctrl-\) ends it at once, as a kill does: it can be resumed.
  bool requested();

 private:
  Descriptor fd_;
  bool requested_ = false;
};

}  // namespace assay::run
