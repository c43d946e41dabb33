#include "harness/kernel_log/event_digest.h"

#include <algorithm>
#include <utility>

#include "harness/kernel_log/parse.h"

namespace assay::kernel_log {

namespace {

/// A line that neither names a process nor says that there is none any more.
bool waits_for_its_last(const KernelEvent& event) {
  return event.kind == KernelEvent::Kind::xid && event.number == 13 &&
         event.line.find("pid=") == std::string::npos;
}

bool ends_an_exception(const KernelEvent& event) {
  return event.kind == KernelEvent::Kind::xid && (event.number == 13 || event.number == 43) &&
         !event.process.empty();
}

}  // namespace

void EventDigest::add(KernelEvent event) {
  const auto waiting = unnamed_.find(event.pci_address);
  const bool some_wait = waiting != unnamed_.end();
  const bool room = some_wait ? waiting->second.size() < kLinesKept : unnamed_.size() < kMostKinds;
  if (waits_for_its_last(event) && room) {
    unnamed_[event.pci_address].push_back(std::move(event));
    return;
  }
  if (ends_an_exception(event) && some_wait) {
    for (KernelEvent& line : waiting->second) {
      if (event.time_us - line.time_us > kExceptionSpanUs) continue;
      line.pid = event.pid;
      line.process = event.process;
    }
  }
  keep_unnamed(event.pci_address);
  keep(std::move(event));
}

void EventDigest::keep_unnamed(const std::string& pci_address) {
  const auto waiting = unnamed_.extract(pci_address);
  if (!waiting) return;
  for (KernelEvent& line : waiting.mapped()) keep(std::move(line));
}

void EventDigest::keep(KernelEvent event) {
  const Kind kind{event.kind,     event.number,   event.pci_address, is_foreign(event),
                  event.nvswitch, event.severity, event.continues};
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
  for (const auto& [pci_address, waiting] : std::exchange(unnamed_, {})) {
    for (const KernelEvent& line : waiting) keep(line);
  }
  kinds_.clear();
  line_bytes_ = 0;
  return std::exchange(events_, {});
}

bool EventDigest::awaits_lines() const {
  return !unnamed_.empty();
}

std::int64_t EventDigest::take_uncounted() {
  return std::exchange(uncounted_, 0);
}

}  // namespace assay::kernel_log
