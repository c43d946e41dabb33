// What is planted in a GPU's multiprocessors (SMs): results that come out with a bit wrong.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "harness/node_sim/cuda_emulation/device.h"

namespace assay::sim {

/// A bit of a datapath's results. It is wrong where all of its conditions are met; where one is not given, it
/// is met.
struct BadDatapath {
  enum class Gives { zero, one, inverted };
  Datapath path = Datapath::fp32;
  std::optional<unsigned> sm, sub_partition;
  std::optional<unsigned> where;  // register, or bank of shared memory
  int bit = 0;
  Gives gives = Gives::inverted;
  std::uint64_t every = 1;  // of so many results, one, drawn at random
  double above_c = -300;    // while the GPU is as warm as that
  double above_w = 0;       // while it draws as much
  double within_s = 0;      // of its coming from rest to work; 0: at any time
  double memory_load = 0;   // while so much of the memory's bandwidth is in use
};

/// How the GPU is while something computes on it.
struct SmConditions {
  double temperature_c = 0, power_w = 0;
  double since_rise_s = 0;  // since it came from rest to work
  double memory_load = 0;   // 0 to 1, by all that works at the same time
};

class PlantedInSms final : public cuda_emulation::FaultySms {
 public:
  /// `seed` draws which results are wrong.
  PlantedInSms(std::vector<BadDatapath> planted, std::uint64_t seed)
      : planted_(std::move(planted)), random_(seed) {}

  bool empty() const { return planted_.empty(); }
  /// Itself, with what acts under these conditions alone; null where nothing does.
  PlantedInSms* acting(const SmConditions& now);

  bool like_the_others(unsigned sm) const override;
  std::uint64_t result(const cuda_emulation::SmPlace& place, Datapath path, unsigned where,
                       std::uint64_t bits) override;

 private:
  std::vector<BadDatapath> planted_;
  std::vector<const BadDatapath*> acting_;
  std::atomic<std::uint64_t> random_;  // the thread sanitizer takes device threads for threads
};

}  // namespace assay::sim
