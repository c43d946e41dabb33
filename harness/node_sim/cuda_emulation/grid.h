// Runs a grid of device threads as CUDA's execution model allows it, in an order that a seed draws: warps of
// several blocks take turns at random, lanes of a warp likewise, and nothing but barriers, collectives and
// atomics orders them. What the model forbids is an error with the place in the kernel, not a hang: a barrier
// that not all threads of the block reach, lanes that meet at different places, a lane that its own mask
// leaves out.
//
// Not shown by it: caches, weak memory, timing, and that lanes of a warp run together at all (they need not).
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

namespace assay::cuda_emulation {

inline constexpr unsigned kLanesPerWarp = 32;
inline constexpr unsigned kMostThreadsPerBlock = 1024;      // CUDA programming guide, compute capabilities
inline constexpr unsigned kMostThreadsPerGroup = 128;       // a warp group's
inline constexpr std::size_t kMostSharedBytes = 227 << 10;  // of one block, compute capability 9.0

#if defined(__clang__) && __clang_major__ < 16
struct Where {  // clang-tidy 14 reads this; nothing is built of it
  static constexpr Where current() { return {}; }
  static const char* file_name() { return ""; }
  static unsigned line() { return 0; }
  static unsigned column() { return 0; }
};
#else
using Where = std::source_location;
#endif

struct Extent {
  unsigned x = 1, y = 1, z = 1;
};

/// Where in its grid the device thread is that calls.
struct Place {
  Extent grid, block;  // sizes
  Extent block_index, thread_index;
};

/// A kernel that breaks CUDA's rules.
class KernelError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// A block of a grid, and the multiprocessor that it runs on.
struct PlacedBlock {
  unsigned number = 0, sm = 0;
};

/// Calls kernel(arguments) as every thread of these blocks of the grid. Throws KernelError,
/// std::invalid_argument for a shape that no device takes, and what the kernel throws: then the threads that
/// had not ended are dropped where they stood.
void run_blocks(Extent grid, Extent block, std::size_t dynamic_shared_bytes, std::uint64_t seed,
                void (*kernel)(void*), void* arguments, const std::vector<PlacedBlock>& blocks);
/// Of all of its blocks, on these multiprocessors by turns.
void run_grid(Extent grid, Extent block, std::size_t dynamic_shared_bytes, std::uint64_t seed,
              void (*kernel)(void*), void* arguments, const std::vector<unsigned>& multiprocessors = {0});

// Below: for device threads.

const Place& place();
bool in_device_code();
/// The multiprocessor that it runs on.
unsigned sm_of_this_block();

/// __syncthreads: of all threads of the block, those that have ended included.
void barrier(Where where);
/// __syncwarp: orders the memory accesses of the lanes in `mask`.
void warp_barrier(unsigned mask, Where where);
/// One bit a lane of `mask`.
unsigned ballot(unsigned mask, bool predicate, Where where);
/// What lane `from` brought. Each lane says whose it wants.
std::uint64_t shuffle(unsigned mask, std::uint64_t mine, unsigned from, Where where);
/// So many threads of the block, whole warps one after another, meet: a warp, or a warp group. The last to
/// come calls act(argument, all), with what each brought; then all go on.
void meet_as_group(unsigned threads, void* mine, void (*act)(void* argument, void* const* all),
                   void* argument, Where where);
/// Of this thread in its group of so many.
unsigned number_in_group(unsigned threads);
/// Other threads go first.
void give_way();
/// Where another thread's access might come in between: now and then, one goes first.
void maybe_pause();

/// The block's shared object that is declared at `where`: made by the first thread that asks, with other
/// bytes than zeros in it, since no device clears it.
void* shared_object(std::size_t bytes, std::size_t alignment, Where where);
/// The block's dynamic shared memory.
void* dynamic_shared();
/// Of a place in the block's shared memory, as instructions name it. KernelError where it is none.
std::uint32_t shared_address(const void* place);
/// What lies there: so many bytes of one object. KernelError where they do not.
std::byte* at_shared_address(std::uint32_t address, std::size_t bytes);

}  // namespace assay::cuda_emulation
