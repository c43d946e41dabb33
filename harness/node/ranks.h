// How the workers of one `ranks` step meet: through the supervisor, which also notices who never came.
#pragma once

#include <string>
#include <vector>

namespace assay {

class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int rank() const = 0;
  virtual int count() const = 0;
  /// Every rank brings a blob (an NCCL id, a checksum, nothing) and leaves with all of them, in rank order.
  /// Blocks until the last has come; the supervisor ends the step when one does not within the step's
  /// deadline, or within `most_s` seconds of the first, where that is more than 0: who never came is named.
  virtual std::vector<std::string> exchange(const std::string& mine, double most_s) = 0;
  std::vector<std::string> exchange(const std::string& mine) { return exchange(mine, 0); }
  /// Whether one of them has ended before its work was done, so that whoever works with it waits in vain.
  /// Those that are left have some seconds to say what they know of it, and come to an exchange that does not
  /// end. Only checks that use NCCL are told.
  virtual bool one_is_gone() = 0;
};

}  // namespace assay
