// Work for a device, as demands on what it has, and how long it takes there: what a plan's estimates are made
// of, and what a simulated GPU turns into time, load and traffic.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "harness/model/datapath.h"

namespace assay {

/// What work uses. Directions are the GPU's: what comes in, what goes out. The host's memory is one for all
/// of the node's GPUs; the rest is each GPU's own.
enum class Resource {
  memory,
  tensor_cores,
  pcie_in,
  pcie_out,
  nvlink_in,
  nvlink_out,
  host_memory,
  cores,
  l2,  // the second-level cache
};
inline constexpr std::size_t kResources = 9;

/// "tensor_cores".
std::string_view name_of(Resource resource);
std::optional<Resource> resource_named(std::string_view name);

/// Of a body, by resource: how many are at work at it at the same time, itself included. 0: its check does
/// not declare that it works there.
using Sharers = std::array<int, kResources>;
inline constexpr Sharers kUnshared = [] {
  Sharers sharers{};
  for (int& bodies : sharers) bodies = 1;
  return sharers;
}();

/// At which of a GPU's rates a demand is met.
enum class WorkKind {
  // Bytes read plus bytes written, of device memory.
  read,
  write,
  copy,
  triad,
  sweep,
  sweep_halves,
  cached,        // bytes read plus written that the second-level cache holds
  instructions,  // of the cores, those of each thread counted
  // Operations of the tensor cores: a multiplication with its addition is two.
  bf16,
  fp16,
  tf32,
  fp8,
  int8,
  fp64,
  // Bytes.
  host_to_device,
  device_to_host,
  // To and from a peer, over NVLink where there is one: by the copy engines, and by kernels' loads and
  // stores.
  from_peer,
  to_peer,
  peer_loads,
  peer_stores,
  host_memory,   // read, or read and written, by whatever
  host_written,  // by GPUs
  // One after the other, each once the one before has been answered.
  peer_round_trips,  // loads of a peer's memory
  host_round_trips,  // loads of the host's
  // Of collectives, as bus bandwidth counts what each GPU sends: from rank to rank, and where the switches
  // send to
  // all and add up.
  ring,
  multicast,
  // Where ranks share a GPU, what all of them send together: through the host, over sockets of its loopback
  // interface.
  sockets,
};
inline constexpr std::size_t kWorkKinds = 27;

/// Whether it names a peer (Demand::peer).
bool is_with_peer(WorkKind kind);

Resource resource_of(WorkKind kind);

/// At which of a GPU's rates a datapath of the tensor cores works.
constexpr WorkKind work_kind_of(Datapath path) {
  switch (path) {
    case Datapath::tensor_bf16:
      return WorkKind::bf16;
    case Datapath::tensor_fp16:
      return WorkKind::fp16;
    case Datapath::tensor_tf32:
      return WorkKind::tf32;
    case Datapath::tensor_int8:
      return WorkKind::int8;
    case Datapath::tensor_fp64:
      return WorkKind::fp64;
    default:
      return WorkKind::fp8;
  }
}

inline constexpr int kNoPeer = -1;

struct Demand {
  WorkKind kind = WorkKind::copy;
  double amount = 0;  // nominal: of what was asked for, where a share of it is there
  /// With a peer: the other GPU, as CUDA counts those that the caller sees. Of the host's memory: its NUMA
  /// node, where that is known.
  int peer = kNoPeer;
};

/// What a launch or a transfer asks of a device. A real one needs no telling.
class Work {
 public:
  static constexpr std::size_t kMostDemands = 16;  // to and from seven peers, memory, tensor cores

  Work() = default;
  Work(WorkKind kind, double amount, int peer = kNoPeer) { add(kind, amount, peer); }
  /// One more demand, met while the others are; one of the same kind and peer grows. Throws std::length_error
  /// beyond kMostDemands.
  Work& add(WorkKind kind, double amount, int peer = kNoPeer);
  /// So many times of it.
  Work& operator*=(double times);
  /// The tensor cores' operands are zeros, or small whole numbers: they draw less.
  Work& of_few_bits() {
    few_bits_ = true;
    return *this;
  }
  bool has_few_bits() const { return few_bits_; }

  const Demand* begin() const { return demands_.data(); }
  const Demand* end() const { return demands_.data() + count_; }
  double amount(Resource resource) const;

 private:
  std::array<Demand, kMostDemands> demands_{};
  std::size_t count_ = 0;
  bool few_bits_ = false;
};

/// What a device draws.
struct DevicePower {
  double idle_w = 0, context_w = 0;  // at rest; the second where somebody has a context
  /// Where one of them is at full load; the tensor cores at products of random bf16.
  double memory_w = 0, tensor_cores_w = 0, cores_w = 0;
  double limit_w = 0;
  /// At one clock, of what products of random bf16 draw: those of other types, and of operands of few bits.
  double fp16_draw = 1, tf32_draw = 1, fp8_draw = 1, int8_draw = 1, fp64_draw = 1, few_bits_draw = 1;

  /// Of work of the tensor cores.
  double draw_of(WorkKind kind, bool few_bits) const;
};

/// How fast a device is, and what surrounds its work (configs/speeds/).
struct DeviceSpeed {
  std::array<double, kWorkKinds> per_s{};  // bytes or operations, by kind
  DevicePower power;
  double launch_s = 0;    // of each launch, whatever it does
  double transfer_s = 0;  // of each transfer
  double worker_s = 0;    // from the start of a process to its first call
  double context_s = 0;
  double allocated_bytes_per_s = 0, released_bytes_per_s = 0;
  double memory_bytes = 0;
  double reserved_bytes = 0;  // that the driver and a context hold back
  double l2_bytes = 0;
  double collective_start_s = 0;  // of each collective, whatever its size
  double collective_fill_s = 0;   // until all of its channels are at work: of one of 256 MiB and more
  double collective_init_s = 0;   // to set up a communicator
  double sockets_start_s = 0;     // of each collective of ranks that share a GPU, whatever its size

  double memory_share = 1;  // of the memory, that may be allocated
  int devices = 1;          // that one worker has
  int ranks_of_a_gpu = 1;   // workers that have the same one

  double free_bytes() const;
  double rate(WorkKind kind) const { return per_s[static_cast<std::size_t>(kind)]; }
  /// Of the resource that takes longest: they work side by side.
  double seconds_of_demands(const Work& work) const;
  /// Of one launch.
  double seconds(const Work& work) const { return launch_s + seconds_of_demands(work); }
  /// Of bytes as bus bandwidth counts them. `kind`: ring or multicast; sockets, of those of all ranks.
  double seconds_of_collective(WorkKind kind, double bytes) const;
  /// To allocate so much, and to give it back.
  double seconds_to_hold(double bytes) const;
  /// For one of those that work at the same time. What it does at a resource that it does not declare is too
  /// little to be shared.
  DeviceSpeed shared_by(const Sharers& sharers) const;
};

}  // namespace assay
