#include "harness/node_sim/nccl_library/choice.h"

namespace assay::nccl {
namespace {

constexpr std::uint64_t kMostOfLl = 1 << 20, kMostOfLl128 = 16 << 20;
constexpr int kRingChannels = 24, kNvlsChannels = 16, kSmallChannels = 2;

/// device.h:ncclNvlsSupported: the switches add up so much and no more.
bool multicast_reduces(const Reduction& reduction, DataType type) {
  if (reduction.scales || reduction.divisor != 1 || reduction.op == Op::prod) return false;
  switch (type) {
    case DataType::i32:
    case DataType::u32:
    case DataType::i64:
    case DataType::u64:
    case DataType::f16:
    case DataType::bf16:
      return true;
    case DataType::f32:
    case DataType::f64:
      return reduction.op == Op::sum;
    default:
      return false;
  }
}

/// Between nodes without NVLink LL128 is off, unless it is asked for: then nobody looks (graph/tuning.cc).
bool ll128_is_off(const Settings& settings, const Asked& asked, const Surroundings& at) {
  return at.nodes > 1 && !settings.names_protocols[static_cast<int>(asked.function)];
}

bool legal(const Settings& settings, const Asked& asked, const Surroundings& at, Algorithm algorithm,
           Protocol protocol) {
  if (protocol == Protocol::ll128 && ll128_is_off(settings, asked, at)) return false;
  const bool gathers = asked.function == Function::all_gather,
             scatters = asked.function == Function::reduce_scatter;
  switch (algorithm) {
    case Algorithm::ring:
      return true;
    case Algorithm::tree:
      return asked.function == Function::all_reduce;
    case Algorithm::nvls:
      if (protocol != Protocol::simple || !at.multicast || at.nodes > 1) return false;
      if (gathers) return true;
      return (scatters || asked.function == Function::all_reduce) &&
             multicast_reduces(asked.reduction, asked.type);
    case Algorithm::pat:
      // One GPU a node.
      if (protocol != Protocol::simple || at.nodes == 1) return false;
      return gathers || (scatters && !asked.reduction.scales && asked.reduction.divisor == 1);
  }
  return false;
}

/// The smaller, the sooner it is taken.
int rank_of(const Asked& asked, const Surroundings& at, Algorithm algorithm, Protocol protocol) {
  const Protocol by_size = asked.bytes <= kMostOfLl      ? Protocol::ll
                           : asked.bytes <= kMostOfLl128 ? Protocol::ll128
                                                         : Protocol::simple;
  const bool small = asked.bytes <= kMostOfLl;
  if (algorithm == Algorithm::nvls) return asked.function == Function::all_reduce && !small ? 0 : 8;
  if (algorithm == Algorithm::pat) return at.nodes > 1 ? 0 : 8;
  return (algorithm == Algorithm::ring ? 1 : 4) + (protocol == by_size            ? 0
                                                   : protocol == Protocol::simple ? 1
                                                                                  : 2);
}

}  // namespace

std::optional<Choice> choose(const Settings& settings, const Asked& asked, const Surroundings& at) {
  std::optional<Choice> best;
  int best_rank = 0;
  const auto function = static_cast<int>(asked.function);
  for (int a = 0; a < kAlgorithms; ++a) {
    for (int p = 0; p < kProtocols; ++p) {
      const auto algorithm = static_cast<Algorithm>(a);
      const auto protocol = static_cast<Protocol>(p);
      if (!settings.algorithms[function][a] || !settings.protocols[function][p]) continue;
      if (!legal(settings, asked, at, algorithm, protocol)) continue;
      const int rank = rank_of(asked, at, algorithm, protocol);
      if (best && rank >= best_rank) continue;
      const int channels = algorithm == Algorithm::nvls ? kNvlsChannels : kRingChannels;
      best = {algorithm, protocol, asked.bytes <= kMostOfLl ? kSmallChannels : channels};
      best_rank = rank;
    }
  }
  return best;
}

}  // namespace assay::nccl
