// RAS as NCCL 2.28.9 answers it (ras/client_support.cc): a listener of each process that says how the ranks
// of all communicators are. Its JSON has no comma before the status of a missing rank, as that version's.
#pragma once

#include <string>

#include "harness/node_sim/nccl_library/meeting.h"

namespace assay::nccl {

class Ras {
 public:
  /// Once a process; later ones change nothing. Where the address is taken already, nobody listens, as there.
  /// Ends with the process.
  static void begin(const std::string& address, MeetingPlace& place);
};

}  // namespace assay::nccl
