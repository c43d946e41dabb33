// Ctrl-C and its relatives, as a descriptor that the supervisor polls.
#pragma once

#include "harness/run/channel.h"

namespace assay::run {

class Interrupt {
 public:
  /// Blocks SIGINT, SIGTERM and SIGHUP and receives them through a descriptor instead. Restores the mask when
  /// destroyed.
  Interrupt();
  ~Interrupt();
  int fd() const { return fd_.get(); }
  /// A signal has come. The second one ends the process at once: somebody means it.
  bool requested();

 private:
  Descriptor fd_;
  int count_ = 0;
};

}  // namespace assay::run
