// How fast each GPU and the host's memory exchange data: each way and both, from the memory that is near and
// from that which is far, one GPU at a time and all together, so that what they share shows. And that they
// arrive.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/host_copies/host_copies.h"
#include "suites/arrived_bad.h"
#include "suites/measuring.h"
#include "suites/pcie/host_memory.h"

namespace assay {
namespace {

using pcie::HostCopies;
using pcie::Way;

/// 20 ms each: the clocks of idle links and memory are up by then.
constexpr int kCopies = 4;
constexpr Repetitions kAlone{.warm_ups = 1, .least = 3, .most = 5};
/// 100 ms: all of them are under way for nearly all of it.
constexpr int kCopiesTogether = 20;
constexpr int kRoundsTogether = 3;
/// Eight H800s at once left one another 0.81 of what one alone sends to the host: less is worth a word.
constexpr double kShared = 0.75;

/// GB/s, of one GPU.
struct Rates {
  double to_device = 0, to_host = 0, both_ways = 0;
};

double gb_per_s(Way way, std::uint64_t bytes, int copies, double seconds) {
  return (way == Way::both ? 2.0 : 1.0) * static_cast<double>(bytes) * copies / seconds * 1e-9;
}

double& of(Rates& rates, Way way) {
  return way == Way::to_device ? rates.to_device : way == Way::to_host ? rates.to_host : rates.both_ways;
}

constexpr Way kWays[] = {Way::to_device, Way::to_host, Way::both};

/// One of the node's GPUs, and what was found of it.
struct Tested {
  int device;
  int near;                            // NUMA node; -1: nobody says
  std::unique_ptr<HostCopies> copies;  // with the nearest memory that may be chosen
  /// Nothing where nobody may choose which memory.
  std::optional<Rates> alone, from_far;
  Rates together;
  memory::BadWords on_device, on_host;
};

void add(Tested& one, const pcie::ArrivedBad& bad) {
  one.on_device += bad.on_device;
  one.on_host += bad.on_host;
}

Rates rates_alone(Tested& one, HostCopies& copies) {
  add(one, copies.look());
  Rates rates;
  for (const Way way : kWays) {
    const double seconds = median_seconds(kAlone, [&] {
      copies.begin(way, kCopies);
      const double taken = copies.end();
      add(one, copies.compare(false));
      return taken;
    });
    add(one, copies.compare(true));
    of(rates, way) = gb_per_s(way, copies.bytes(), kCopies, seconds);
  }
  return rates;
}

std::unique_ptr<HostCopies> make_copies(Context& context, int device, int numa_node) {
  return pcie::make_host_copies(context.gpu(device), context.host(), numa_node, pcie::kCopyBytes,
                                context.seed() + static_cast<std::uint64_t>(device));
}

/// With memory of each of these nodes: the best is taken for the nearest, the worst for the farthest.
void test_with(Context& context, Tested& one, const std::vector<int>& nodes) {
  for (const int node : nodes) {
    auto copies = make_copies(context, one.device, node);
    const Rates rates = rates_alone(one, *copies);
    if (!one.from_far || rates.to_device < one.from_far->to_device) one.from_far = rates;
    if (one.alone && rates.to_device <= one.alone->to_device) continue;
    one.alone = rates;
    one.copies = std::move(copies);
  }
}

void test_alone(Context& context, Tested& one, const std::vector<int>& nodes) {
  if (nodes.size() <= 1) return test_with(context, one, {kAnyNumaNode});
  try {
    if (one.near < 0) return test_with(context, one, nodes);
    one.copies = make_copies(context, one.device, one.near);
    one.alone = one.from_far = rates_alone(one, *one.copies);
    const int far = numa::farthest_from(context.host().files(), one.near);
    if (far == one.near) return;
    one.from_far = rates_alone(one, *make_copies(context, one.device, far));
  } catch (const std::system_error& error) {
    // Of whichever memory the kernel takes, nobody knows how near it is: only what arrives is looked at.
    context.log(fmt::format("{}: rates were not measured", error.what()));
    one.alone = one.from_far = std::nullopt;
    one.copies = make_copies(context, one.device, kAnyNumaNode);
    add(one, one.copies->look());
  }
}

void test_together(Context& context, std::vector<Tested>& all) {
  std::vector<HostCopies*> copies;
  for (const Tested& one : all) copies.push_back(one.copies.get());
  for (const Way way : kWays) {
    std::vector<std::vector<double>> seconds(all.size());
    for (int round = 0; round < kRoundsTogether; ++round) {
      const auto of_round = pcie::copy_together(context.gpu(0), copies, way, kCopiesTogether);
      for (std::size_t i = 0; i < all.size(); ++i) {
        seconds[i].push_back(of_round[i]);
        add(all[i], copies[i]->compare(round + 1 == kRoundsTogether));
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      of(all[i].together, way) = gb_per_s(way, copies[i]->bytes(), kCopiesTogether, median(seconds[i]));
  }
}

/// "the link between A and B, with gpu1".
std::vector<std::string> what_it_shares(const Context& context, const pci::Tree& tree,
                                        const std::vector<Tested>& all, const Tested& one) {
  std::vector<std::string> shared;
  for (const pci::Link& link : tree.links_above(context.pci_address_of(one.device))) {
    std::vector<std::string> with;
    for (const Tested& other : all) {
      if (other.device == one.device) continue;
      const auto path = tree.path_to(context.pci_address_of(other.device));
      if (std::count(path.begin(), path.end(), link.lower) > 0)
        with.push_back(context.slot_of(other.device).path());
    }
    if (!with.empty())
      shared.push_back(
          fmt::format("the link between {} and {}, with {}", link.upper, link.lower, fmt::join(with, ", ")));
  }
  return shared;
}

std::vector<std::string> what_is_wrong(const Tested& one) {
  std::vector<std::string> texts;
  const std::string to_device = text_of(one.on_device), to_host = text_of(one.on_host);
  if (!to_device.empty()) texts.push_back("arrived wrong at the GPU: " + to_device);
  if (!to_host.empty()) texts.push_back("arrived wrong in the host's memory: " + to_host);
  return texts;
}

std::vector<std::string> what_is_slow(const Context& context, const pci::Tree& tree,
                                      const std::vector<Tested>& all, const Tested& one) {
  if (!one.alone || (one.together.to_device >= kShared * one.alone->to_device &&
                     one.together.to_host >= kShared * one.alone->to_host))
    return {};
  std::vector<std::string> texts{
      fmt::format("alone {:.1f} GB/s to it and {:.1f} from it, beside the other GPUs {:.1f} and {:.1f}",
                  one.alone->to_device, one.alone->to_host, one.together.to_device, one.together.to_host)};
  const auto shared = what_it_shares(context, tree, all, one);
  if (!shared.empty()) texts.push_back(fmt::format("it shares {}", fmt::join(shared, "; ")));
  return texts;
}

Part part_of(const Context& context, const Tested& one) {
  return context.slot_of(one.device).below("pcie");
}

/// Of wrong data the culprit is said, else of slow ones: a finding is of either.
void emit_words(Context& context, const Tested& one, const std::vector<std::string>& if_right) {
  const auto wrong = static_cast<double>(one.on_device.count + one.on_host.count);
  context.measure_at(part_of(context, one), "wrong_words", wrong, Unit::count);
  const std::vector<std::string> texts = wrong > 0 ? what_is_wrong(one) : if_right;
  if (!texts.empty())
    context.measure_at(part_of(context, one), kCulprit, fmt::format("{}", fmt::join(texts, "; ")));
}

void emit_rates(Context& context, const Tested& one) {
  if (!one.alone) return;
  const auto rate = [&](const char* name, double value) {
    context.measure_at(part_of(context, one), name, value, Unit::gb_per_s);
  };
  rate("to_device", one.alone->to_device);
  rate("to_host", one.alone->to_host);
  rate("both_ways", one.alone->both_ways);
  rate("to_device_together", one.together.to_device);
  rate("to_host_together", one.together.to_host);
  rate("both_ways_together", one.together.both_ways);
  rate("far_to_device", one.from_far->to_device);
  rate("far_to_host", one.from_far->to_host);
}

/// The best of a socket's GPUs: where that is slow, it is what they share.
struct OfSocket {
  double far = 0, to_device_together = 0, to_host_together = 0;
};

void emit_sockets(Context& context, const std::vector<Tested>& all) {
  std::map<int, OfSocket> sockets;
  for (const Tested& one : all) {
    if (!one.alone) return;
    OfSocket& socket = sockets[numa::socket_of(context.host().files(), one.near)];
    socket.far = std::max(socket.far, std::min(one.from_far->to_device, one.from_far->to_host));
    socket.to_device_together = std::max(socket.to_device_together, one.together.to_device);
    socket.to_host_together = std::max(socket.to_host_together, one.together.to_host);
  }
  double far = sockets.begin()->second.far;
  for (const auto& [number, socket] : sockets) {
    const Part part = pcie::part_of_socket(number);
    context.measure_at(part, "to_devices", socket.to_device_together, Unit::gb_per_s);
    context.measure_at(part, "from_devices", socket.to_host_together, Unit::gb_per_s);
    far = std::min(far, socket.far);
  }
  context.measure_at("node", "far_memory", far, Unit::gb_per_s);
}

void run(Context& context) {
  const HostFiles& files = context.host().files();
  const pci::Tree tree(files);
  const std::vector<int> nodes = numa::nodes(files);
  std::vector<Tested> all;
  for (int device = 0; device < context.devices(); ++device)
    all.push_back({.device = device, .near = tree.numa_node(context.pci_address_of(device))});
  std::vector<int> near;
  for (const Tested& one : all) near.push_back(one.near);
  pcie::measure_host_memory(context, nodes, near);
  try {
    for (Tested& one : all) {
      test_alone(context, one, nodes);
      context.progress(0.9 * (one.device + 1) / context.devices());
    }
    const Nanoseconds start = context.clock().now();
    const auto duration = nanoseconds_of(context.duration_s());
    do {
      test_together(context, all);
    } while (context.clock().now() < start + duration);
  } catch (const DeviceError&) {
    for (const Tested& one : all) {  // what was found before a device gave up stands
      if (one.on_device.count + one.on_host.count > 0) emit_words(context, one, {});
    }
    throw;
  }
  for (const Tested& one : all) {
    emit_words(context, one, what_is_slow(context, tree, all, one));
    emit_rates(context, one);
  }
  emit_sockets(context, all);
  context.progress(1);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const auto seconds_of = [&](Way way, int copies) {
    return copies * speed.seconds_of_demands(pcie::work_of(way, pcie::kCopyBytes));
  };
  // Of all GPUs: the host's memory is one.
  const auto together = [&](Way way) {
    Work all = pcie::work_of(way, pcie::kCopyBytes);
    const double of_memory =
        speed.devices * all.amount(Resource::host_memory) /
        speed.rate(way == Way::to_device ? WorkKind::host_memory : WorkKind::host_written);
    return kRoundsTogether * kCopiesTogether * std::max(speed.seconds_of_demands(all), of_memory);
  };
  constexpr int kRounds = kAlone.warm_ups + kAlone.least, kMemories = 2;
  const double compare_s = speed.seconds({WorkKind::read, static_cast<double>(pcie::kCopyBytes)});
  double alone_s =
      kMemories * (seconds_of(Way::both, 1) + speed.seconds_of_demands(pcie::work_of_look(pcie::kCopyBytes)) +
                   speed.seconds_to_hold(2.0 * pcie::kCopyBytes));
  double together_s = 0;
  for (const Way way : kWays) {
    alone_s += kMemories * (kRounds * seconds_of(way, kCopies) + (kRounds + 1) * compare_s);
    together_s += together(way) + kRoundsTogether * speed.devices * compare_s;
  }
  return speed.devices * alone_s + std::max(duration_s, together_s);
}

const Registered pcie_bandwidth{{
    .name = "pcie.bandwidth",
    .summary =
        "GPUs and the host's memory exchange data as fast as PCIe lets them, also all together, and whole",
    .scope = Scope::all_gpus,
    .measures =
        {
            {"to_device", Unit::gb_per_s,
             "bytes over device time, median: from pinned memory of the near NUMA node, one GPU at a time",
             "pcie"},
            {"to_host", Unit::gb_per_s, "the same, to it", "pcie"},
            {"both_ways", Unit::gb_per_s, "the same, both at once, added up over the time of the slower",
             "pcie"},
            {"to_device_together", Unit::gb_per_s,
             "from near memory, of this GPU while all of them do the same", "pcie"},
            {"to_host_together", Unit::gb_per_s, "the same, to near memory", "pcie"},
            {"both_ways_together", Unit::gb_per_s, "the same, both at once, added up", "pcie"},
            {"far_to_device", Unit::gb_per_s,
             "from memory of the farthest NUMA node, one GPU at a time; where there is one node, of that",
             "pcie"},
            {"far_to_host", Unit::gb_per_s, "the same, to it", "pcie"},
            {"wrong_words", Unit::count,
             "words of 16 bytes that arrived other than they were sent, in either way, looked at by the "
             "receiver: the GPU after each series of copies, the host after the last",
             "pcie"},
            {kCulprit, Unit::text, "what arrived wrong, or what the GPU shares with others", "pcie", false},
            {.name = "far_memory",
             .unit = Unit::gb_per_s,
             .meaning = "the lower of both ways from and to far memory: of the socket that is worse off, the "
                        "best GPU",
             .of = Of::node},
            {.name = "to_devices",
             .unit = Unit::gb_per_s,
             .meaning = "from near memory while all GPUs do the same: the best of those near to this socket",
             .subcomponent = "socket",
             .of = Of::node,
             .numbered = true},
            {.name = "from_devices",
             .unit = Unit::gb_per_s,
             .meaning = "the same, to near memory",
             .subcomponent = "socket",
             .of = Of::node,
             .numbered = true},
            {.name = "host_memory",
             .unit = Unit::gb_per_s,
             .meaning = "read plus written by its own processors, over all NUMA nodes of the socket",
             .subcomponent = "socket",
             .of = Of::node,
             .numbered = true},
            {.name = "numa_nodes",
             .meaning = "NUMA nodes whose memory was measured; nothing where that of one was not",
             .of = Of::node},
        },
    .findings = {"pcie.slow", "pcie.shared", "pcie.far_slow", "pcie.far_memory", "pcie.host_memory",
                 "pcie.miscompare"},
    .run = run,
    .detects =
        "a link that carries less than it is trained for, ports and channels of memory that are too slow for "
        "all GPUs at once, a slow way between the processors, data that are changed on the way",
    .misses = "network cards and drives, which share ports with GPUs; what happens over hours",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::pcie_in, Resource::pcie_out, Resource::host_memory, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
