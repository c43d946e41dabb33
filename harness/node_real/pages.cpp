#include "harness/node_real/pages.h"

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <new>
#include <system_error>
#include <vector>

namespace assay {
namespace {

class Pages final : public HostMemory {
 public:
  explicit Pages(std::uint64_t bytes)
      : bytes_(bytes),
        data_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (data_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~Pages() override { munmap(data_, bytes_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  void* data() const override { return data_; }
  std::uint64_t bytes() const override { return bytes_; }

 private:
  std::uint64_t bytes_;
  void* data_;
};

/// Before its pages are there: they come from this node, or the process ends.
void bind_to(const HostMemory& memory, int numa_node) {
  constexpr std::size_t kBits = CHAR_BIT * sizeof(unsigned long);
  const auto node = static_cast<std::size_t>(numa_node);
  std::vector<unsigned long> nodes(node / kBits + 1);
  nodes[node / kBits] = 1UL << (node % kBits);
  // The kernel reads one bit less than it is told.
  if (syscall(SYS_mbind, memory.data(), memory.bytes(), MPOL_BIND, nodes.data(), nodes.size() * kBits + 1,
              0UL) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "memory of NUMA node " + std::to_string(numa_node));
}

}  // namespace

std::unique_ptr<HostMemory> allocate_pages(std::uint64_t bytes, int numa_node) {
  auto pages = std::make_unique<Pages>(bytes);
  if (numa_node != kAnyNumaNode) bind_to(*pages, numa_node);
  std::memset(pages->data(), 0, bytes);
  return pages;
}

}  // namespace assay
