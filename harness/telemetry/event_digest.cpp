#include "harness/telemetry/event_digest.h"

#include <algorithm>
#include <utility>

namespace assay::telemetry {

void EventDigest::add(KernelEvent event) {
  const Kind kind{event.kind, event.number, event.pci_address, event.process, event.nvswitch, event.fatal};
  const bool is_new = kinds_.count(kind) == 0;
  if (is_new && kinds_.size() >= kMostKinds) {
    ++uncounted_;
    return;
  }
  Seen& seen = kinds_[kind];
  const bool room = line_bytes_ < kMostLineBytes;
  if (!is_new && (seen.kept >= kLinesKept || !room)) {
    KernelEvent& last = events_[seen.last];
    last.more += 1 + event.more;
    last.position = event.position;
    return;
  }
  event.line.resize(std::min(event.line.size(), room ? kLongestLine : kShortLine));
  line_bytes_ += event.line.size();
  ++seen.kept;
  seen.last = events_.size();
  events_.push_back(std::move(event));
}

std::vector<KernelEvent> EventDigest::take() {
  kinds_.clear();
  line_bytes_ = 0;
  return std::exchange(events_, {});
}

std::int64_t EventDigest::take_uncounted() {
  return std::exchange(uncounted_, 0);
}

}  // namespace assay::telemetry
