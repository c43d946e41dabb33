#include "harness/node_sim/simulated_host.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace assay::sim {
namespace {

constexpr std::uint64_t kPageBytes = 4096;

struct alignas(kPageBytes) Page {
  char bytes[kPageBytes];
};

/// All pages of this process.
struct Known {
  std::mutex mutex;
  std::map<const char*, std::pair<std::uint64_t, int>> nodes;  // by address: bytes, NUMA node
};
Known& known() {
  static Known all;
  return all;
}

class Pages final : public HostMemory {
 public:
  Pages(std::uint64_t bytes, int numa_node) : bytes_(bytes), pages_((bytes + kPageBytes - 1) / kPageBytes) {
    const std::lock_guard lock(known().mutex);
    known().nodes[static_cast<const char*>(data())] = {bytes, numa_node};
  }
  ~Pages() override {
    const std::lock_guard lock(known().mutex);
    known().nodes.erase(static_cast<const char*>(data()));
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  void* data() const override { return const_cast<Page*>(pages_.data()); }
  std::uint64_t bytes() const override { return bytes_; }

 private:
  std::uint64_t bytes_;
  std::vector<Page> pages_;
};

}  // namespace

std::unique_ptr<HostMemory> SimulatedHost::allocate(std::uint64_t bytes, int numa_node) {
  return std::make_unique<Pages>(bytes, numa_node);
}

double SimulatedHost::memory_rate(int numa_node) {
  const int nodes = std::max(1, state_->numa_nodes());
  const double share = std::max(0, numa_node) == nodes - 1 ? 1 - state_->host_memory_lost : 1;
  clock_.sleep_for(kSecond / 4);  // some rounds over buffers of gigabytes, and their first touch
  return state_->plant.speed.rate(WorkKind::host_memory) / nodes * share;
}

int numa_node_of_pages(const void* memory) {
  const auto* const address = static_cast<const char*>(memory);
  const std::lock_guard lock(known().mutex);
  auto found = known().nodes.upper_bound(address);
  if (found == known().nodes.begin()) return kAnyNumaNode;
  --found;
  const auto& [bytes, node] = found->second;
  return address < found->first + bytes ? node : kAnyNumaNode;
}

}  // namespace assay::sim
