#include "harness/kernel_log/before.h"

#include <algorithm>
#include <utility>

namespace assay::kernel_log {
namespace {

bool is_of_one_kind(const KernelEvent& a, const KernelEvent& b) {
  return a.kind == b.kind && a.number == b.number && a.severity == b.severity && a.meaning == b.meaning &&
         a.pci_address == b.pci_address && a.nvswitch == b.nvswitch;
}

}  // namespace

void Before::add(std::vector<KernelEvent> events, std::int64_t uncounted) {
  more_ += uncounted;
  for (KernelEvent& event : events) {
    const auto same = std::find_if(events_.begin(), events_.end(),
                                   [&](const KernelEvent& other) { return is_of_one_kind(event, other); });
    if (same == events_.end()) {
      events_.push_back(std::move(event));
    } else {
      same->more += 1 + event.more;
    }
  }
  std::stable_partition(events_.begin(), events_.end(), is_fault);
  while (events_.size() > kMostKinds) {
    more_ += 1 + events_.back().more;
    events_.pop_back();
  }
}

}  // namespace assay::kernel_log
