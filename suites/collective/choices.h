// By which algorithms NCCL did what it was asked, against what it was made to do it by: read, never assumed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/check.h"
#include "suites/collective/legal.h"

namespace assay::collective {

class Choices {
 public:
  Choices(Way way, int ranks) : way_(way), ranks_(ranks) {}

  /// What NCCL said of one collective. Of sends and receives, and of one rank alone, it says nothing; of all
  /// else silence is no answer: then nobody knows by what it was done.
  void add(nccl::Collective collective, const std::vector<NcclChoice>& said, const std::string& text);

  /// Those that were done otherwise than they should, or nobody knows how.
  const std::vector<std::string>& otherwise() const { return otherwise_; }
  /// How often each, by function, algorithm and protocol.
  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  Way way_;
  int ranks_;
  std::vector<std::string> otherwise_;
  std::map<std::string, int> counts_;
};

}  // namespace assay::collective
