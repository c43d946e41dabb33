#include "harness/node_sim/simulated_host.h"

#include <vector>

namespace assay::sim {
namespace {

constexpr std::uint64_t kPageBytes = 4096;

struct alignas(kPageBytes) Page {
  char bytes[kPageBytes];
};

class Pages final : public HostMemory {
 public:
  explicit Pages(std::uint64_t bytes) : bytes_(bytes), pages_((bytes + kPageBytes - 1) / kPageBytes) {}
  void* data() const override { return const_cast<Page*>(pages_.data()); }
  std::uint64_t bytes() const override { return bytes_; }

 private:
  std::uint64_t bytes_;
  std::vector<Page> pages_;
};

}  // namespace

std::unique_ptr<HostMemory> SimulatedHost::allocate(std::uint64_t bytes, int) {
  return std::make_unique<Pages>(bytes);
}

}  // namespace assay::sim
