// Ctrl-C and its relatives, as a descriptor that the supervisor polls.
#pragma once

#include "harness/ipc/channel.h"

namespace assay::run {

class Interrupt {
 public:
  /// Blocks SIGINT, SIGTERM and SIGHUP for good and receives them through a descriptor instead: one that
  /// comes while the reports are written or the process ends changes nothing any more.
  Interrupt();
  int fd() const { return fd_.get(); }
  /// A signal has come. Further ones are the same request: terminals, time-outs and people send it twice, and
  /// what ends the run is under way. SIGQUIT (Ctrl-\) ends it at once, as a kill does: it can be resumed.
  bool requested();

 private:
  Descriptor fd_;
  bool requested_ = false;
};

}  // namespace assay::run
