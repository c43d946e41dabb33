// A check whose ranks meet twice and agree: the second time over bytes that are no text.
#include <string>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

/// Every byte there is, the rank's own first: an NCCL id is as arbitrary.
std::string bytes_of(int rank) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(rank + i);
  return bytes;
}

void run(Context& context) {
  Ranks& ranks = context.ranks();
  ranks.exchange("first");
  const std::vector<std::string> brought = ranks.exchange(bytes_of(ranks.rank()));
  bool right = static_cast<int>(brought.size()) == ranks.count();
  for (int rank = 0; right && rank < ranks.count(); ++rank)
    right = brought[static_cast<std::size_t>(rank)] == bytes_of(rank);
  context.measure("value", right ? 1 : 0, Unit::count);
}

const Registered check{declare("selftest.ranks", "meets all ranks twice", Scope::ranks, run)};

}  // namespace
}  // namespace assay::selftest
