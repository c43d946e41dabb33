// The same work on the same data on every multiprocessor (SM) of a GPU, one datapath after another: what
// differs names the SM, its sub-partition and the datapath.
//
// A launch has one block on each SM, of kThreads threads: warp w runs on sub-partition w % 4. Every thread
// does a round of work over and over and compares each round's result with the first one's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/model/datapath.h"
#include "harness/node/gpu.h"

namespace assay::compute {

inline constexpr unsigned kThreads = 256;

/// What the work is done on. Of everything but tensor cores both are alike: what comes of it is exact.
enum class Data : std::uint32_t {
  exact,   // integers whose products and sums the tensor cores' results hold exactly
  random,  // full-entropy mantissas: which bits come of them NVIDIA does not say, but all SMs agree
};

/// Where they are not alike.
constexpr bool has_random_data(Datapath path) {
  return path >= Datapath::tensor_bf16 && path != Datapath::tensor_int8;
}

/// Of one thread.
struct ThreadResult {
  std::uint64_t hash = 0;          // of its first round
  std::uint32_t wrong_rounds = 0;  // that gave another than the first one
  std::uint16_t sm_at_start = 0, sm_at_end = 0;
  friend bool operator==(const ThreadResult&, const ThreadResult&) = default;
};

/// What a thread that knows what it must read met first, of registers and shared memory.
struct FirstWrong {
  static constexpr std::uint32_t kNone = ~0u;
  std::uint32_t where = kNone;  // number of the register; of shared memory the 32-bit word
  std::uint32_t flipped = 0;    // bits
};

struct BlockResult {
  std::array<ThreadResult, kThreads> threads;
  /// Empty where no thread met anything, and of datapaths whose results are hashed only.
  std::vector<FirstWrong> first_wrong;

  unsigned sm() const { return threads[0].sm_at_start; }
  /// Every thread saw one SM all the time. Otherwise nobody can say where it ran.
  bool stayed() const;
};

struct LaunchResult {
  double seconds = 0;  // of device time
  std::vector<BlockResult> blocks;
};

class SmPaths {
 public:
  virtual ~SmPaths() = default;

  /// `rounds` of work at a datapath on all SMs, on data that are the same for the same `seed`. Under the
  /// emulation fewer are done, and take the time of all. Throws DeviceError.
  virtual LaunchResult run(Datapath path, Data data, std::uint64_t seed, std::uint32_t rounds) = 0;
};

std::unique_ptr<SmPaths> make_sm_paths(Gpu& gpu);

/// What a block's threads must find, worked out by the emulation of the same kernel on this machine. Empty
/// where no bits are specified: the approximated functions, and tensor cores on random data.
std::vector<std::uint64_t> expected_hashes(Datapath path, Data data, std::uint64_t seed);

/// What a round asks of the device, on so many SMs.
Work work_of_round(Datapath path, unsigned sms);

}  // namespace assay::compute
