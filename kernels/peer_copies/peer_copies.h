// From one GPU's memory to another's: by the copy engines, and by kernels that store to the other's memory or
// load from it. The data are pseudo-random, others each time, and are looked through by the GPU that received
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/bad_words.h"

namespace assay::nvlink {

enum class Engine { copies, stores, loads };

/// 0.7 ms at the rate of eighteen links.
inline constexpr std::uint64_t kBytes = 256ull << 20;

struct Passage {
  std::size_t from, to;  // numbers of GPUs
  double seconds;        // device time, of the GPU at work
  std::uint64_t bytes;   // that went over in it
  memory::BadWords arrived_bad;
};

struct RoundTrip {
  double seconds;             // of one load
  std::uint64_t wrong_words;  // of those that were loaded
};

class PeerCopies {
 public:
  virtual ~PeerCopies() = default;
  /// Whether the driver lets kernels of one reach the other's memory. Copies go round by the host else.
  virtual bool reaches(std::size_t from, std::size_t to) const = 0;
  /// All of it, once. Stores and loads only where both reach one another.
  virtual Passage one_way(Engine engine, std::size_t from, std::size_t to) = 0;
  /// By the copy engines, so many times all of it each way at the same time: seconds of the longer. Bad words
  /// are of both ends.
  virtual Passage both_ways(std::size_t a, std::size_t b, int times) = 0;
  /// One thread of `at` loads from the other's memory, so many times, each once the one before was answered.
  /// Where it does not reach it, one copy of a word instead.
  virtual RoundTrip round_trip(std::size_t at, std::size_t other, int loads) = 0;
  /// Each GPU's kernels store to all others that they reach, at the same time, so many times over: one for
  /// each ordered pair.
  virtual std::vector<Passage> all_at_once(int times) = 0;
};

/// Between these, by number; a GPU that is there twice is its own peer. Throws DeviceError.
std::unique_ptr<PeerCopies> make_peer_copies(const std::vector<Gpu*>& gpus, std::uint64_t bytes,
                                             std::uint64_t seed);

/// Of an ordered pair in all_at_once(), once over.
std::uint64_t bytes_of_each(std::uint64_t bytes, std::size_t gpus);

/// What one passage asks of the GPU at work.
Work work_of(Engine engine, std::uint64_t bytes, int peer);
/// What filling and looking through asks, on either side.
Work work_around(std::uint64_t bytes);

}  // namespace assay::nvlink
