#include "harness/node_sim/device_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "harness/base/machine_refused.h"

namespace assay::sim {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kCellBytes = config::kMostCellWords * sizeof(Word128);
constexpr std::uint64_t kGpuBytes = kCellBytes + kMaxAllocations * kLargestWhole;
constexpr std::uint64_t kGpusBytes = kMaxGpus * kGpuBytes, kMostShared = 16 << 20;
constexpr std::uint64_t kNodeBytes = kGpusBytes + kMostShared;
/// The memory's place in the file.
constexpr std::uint64_t kFileOffset = (sizeof(State) + kPage - 1) / kPage * kPage;

/// Far from all that the kernel maps by itself on x86-64: programs from 0x5555'5555'4000 up, stack and
/// libraries from 0x7fff'ffff'f000 down, each by up to 16 TiB (vm.mmap_rnd_bits = 32). The thread sanitizer
/// leaves a program only what lies higher. Nodes of one process stand side by side.
#if defined(ASSAY_THREAD_SANITIZER)
constexpr std::uint64_t kFirstBase = 0x7e90'0000'0000;
#else
constexpr std::uint64_t kFirstBase = 0x2000'0000'0000;
#endif
constexpr int kMostNodes = 64;

/// What this process has mapped, for its workers that are threads.
struct Mapping {
  std::pair<std::uint64_t, std::uint64_t> node;  // device and inode of its file, or the address of its state
  int users = 0;
};
std::mutex mappings_mutex;
/// By address; guarded by mappings_mutex.
std::map<char*, Mapping>& mappings() {
  static std::map<char*, Mapping> all;
  return all;
}

std::pair<std::uint64_t, std::uint64_t> identity(const SharedState& state, const Descriptor& file) {
  struct stat info {};
  if (!file) return {0, reinterpret_cast<std::uint64_t>(&*state)};
  if (fstat(file.get(), &info) != 0) throw MachineRefused(state.path(), errno);
  return {info.st_dev, info.st_ino};
}

char* map_at(std::uint64_t base, const Descriptor& file) {
  const int flags = MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE | (file ? 0 : MAP_ANONYMOUS);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): which address it is, all processes read in the state
  void* const wanted = reinterpret_cast<void*>(base);
  void* const got =
      mmap(wanted, kNodeBytes, PROT_READ | PROT_WRITE, flags, file.get(), file ? kFileOffset : 0);
  if (got == MAP_FAILED) return nullptr;
  if (got == wanted) {
    // Most of a node's memory is never touched; the kernel is not to read pages ahead for it.
    madvise(got, kNodeBytes, MADV_RANDOM);
    return static_cast<char*>(got);
  }
  munmap(got, kNodeBytes);  // a kernel before 4.17 takes the address for a hint
  errno = EEXIST;
  return nullptr;
}

Descriptor open_file(const SharedState& state) {
  if (state.path().empty()) return {};
  Descriptor file(open(state.path().c_str(), O_RDWR | O_CLOEXEC));
  if (!file || ftruncate(file.get(), static_cast<off_t>(kFileOffset + kNodeBytes)) != 0)
    throw MachineRefused(state.path(), errno);
  return file;
}

/// Where the node has its memory: the first who asks says it for all. Caller holds state.mutex.
char* map_node(State& state, const Descriptor& file) {
  if (state.memory_base != 0) return map_at(state.memory_base, file);
  for (int node = 0; node < kMostNodes; ++node) {
    const std::uint64_t base = kFirstBase + static_cast<std::uint64_t>(node) * kNodeBytes;
    if (char* const memory = map_at(base, file)) {
      state.memory_base = base;
      return memory;
    }
  }
  return nullptr;
}

}  // namespace

NodeMemory::NodeMemory(const SharedState& state) : file_(open_file(state)) {
  const std::lock_guard guard(mappings_mutex);
  const Lock lock(state->mutex);
  const auto node = identity(state, file_);
  for (auto& [base, mapping] : mappings()) {
    if (mapping.node != node) continue;
    ++mapping.users;
    base_ = base;
    return;
  }
  base_ = map_node(*state, file_);
  if (base_ == nullptr) throw MachineRefused("mmap of the simulated device memory", errno);
  mappings()[base_] = {node, 1};
}

NodeMemory::~NodeMemory() {
  const std::lock_guard guard(mappings_mutex);
  if (--mappings().at(base_).users > 0) return;
  mappings().erase(base_);
  munmap(base_, kNodeBytes);
}

Word128* NodeMemory::cells(int gpu, std::uint64_t words) {
  if (words > config::kMostCellWords) throw std::length_error("more cells than a simulated GPU can have");
  return reinterpret_cast<Word128*>(at(static_cast<std::uint64_t>(gpu) * kGpuBytes, words * sizeof(Word128)));
}

void* NodeMemory::whole(int gpu, int allocation, std::uint64_t bytes) {
  const std::uint64_t of_gpu = static_cast<std::uint64_t>(gpu) * kGpuBytes + kCellBytes;
  return at(of_gpu + static_cast<std::uint64_t>(allocation) * kLargestWhole, bytes);
}

void* NodeMemory::shared(std::uint64_t bytes) {
  if (bytes > kMostShared) throw std::length_error("more shared memory than a simulated node has");
  return at(kGpusBytes, bytes);
}

char* NodeMemory::at(std::uint64_t offset, std::uint64_t bytes) {
  if (file_) {
    const auto in_file = static_cast<off_t>(kFileOffset + offset);
    // Where the file system has no fallocate, posix_fallocate would write into what others are writing.
    const bool given = fallocate(file_.get(), 0, in_file, static_cast<off_t>(bytes)) == 0;
    if (!given && errno != EOPNOTSUPP) throw MachineRefused("the simulated device memory", errno);
  }
  return base_ + offset;
}

}  // namespace assay::sim
