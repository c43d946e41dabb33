// A job in small, as these nodes will do it: the same work on the same data, over and over, and everything
// that a repetition computed held against the one before.
//
// What arithmetic leaves no choice in (whole numbers, counts, what a closed form says) is held to that as
// well. Everything else is to be the same bits every time and on every GPU: no atomics on floating-point
// numbers, sums as trees of one shape, one launch grid.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace assay::workloads {

/// The same in every run: GPUs and nodes can be compared.
inline constexpr std::uint64_t kData = 0x6a6f6273;

/// A result that has one right value, and has another.
struct WrongValue {
  std::string what;  // "row 17"
  std::string expected, actual;
};

struct Repetitions {
  double seconds = 0;                              // device time, of the work and of looking at it
  std::map<std::uint64_t, std::uint64_t> by_hash;  // how many repetitions came to which results
  std::uint64_t wrong_values = 0;
  std::vector<WrongValue> first_wrong;
};

/// Of one datatype, size and set of data on one GPU.
class Workload {
 public:
  virtual ~Workload() = default;
  /// The whole work so many times, at most kMostAtOnce. Throws DeviceError.
  virtual Repetitions repeat(int times) = 0;
  /// What a repetition gets done: tokens, samples, keys, paths.
  virtual double items() const = 0;
};

inline constexpr int kMostAtOnce = 4096;

}  // namespace assay::workloads
