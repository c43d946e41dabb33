// How fast each GPU and the host's memory exchange data: each way and both, from the memory that is near and
// from that which is far, one GPU at a time and all together, so that what they share shows. And that they
// arrive.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/host_copies/host_copies.h"
#include "suites/arrived_bad.h"
#include "suites/measuring.h"
#include "suites/pcie/near_memory.h"

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
/// What is less than so much of what the GPU does alone is slow for what it shares.
constexpr double kShared = 0.9;

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

Rates rates_alone(HostCopies& copies) {
  Rates rates;
  for (const Way way : kWays) {
    const double seconds = median_seconds(kAlone, [&] {
      copies.begin(way, kCopies);
      return copies.end();
    });
    of(rates, way) = gb_per_s(way, copies.bytes(), kCopies, seconds);
  }
  return rates;
}

/// One of the node's GPUs, and what was found of it.
struct Tested {
  int device;
  int near, far;  // NUMA nodes
  std::unique_ptr<HostCopies> copies;
  Rates alone, from_far, together;
  bool has_far = true;
  memory::BadWords on_device, on_host;
};

void look(Tested& one, HostCopies& copies) {
  const auto add = [](memory::BadWords& sum, const memory::BadWords& more) {
    sum.count += more.count;
    sum.first.insert(sum.first.end(), more.first.begin(), more.first.end());
  };
  const pcie::ArrivedBad bad = copies.look();
  add(one.on_device, bad.on_device);
  add(one.on_host, bad.on_host);
}

std::unique_ptr<HostCopies> make_copies(Context& context, int device, int numa_node) {
  return pcie::make_host_copies(context.gpu(device), context.host(), numa_node, pcie::kCopyBytes,
                                context.seed() + static_cast<std::uint64_t>(device));
}

void test_alone(Context& context, Tested& one) {
  one.copies =
      pcie::near_or_any(context, one.near, [&](int node) { return make_copies(context, one.device, node); });
  look(one, *one.copies);
  one.alone = rates_alone(*one.copies);
  one.from_far = one.alone;
  if (one.far == one.near) return;
  try {
    const auto copies = make_copies(context, one.device, one.far);
    look(one, *copies);
    one.from_far = rates_alone(*copies);
  } catch (const std::system_error& error) {
    one.has_far = false;
    context.log(fmt::format("far memory was not measured: {}", error.what()));
  }
}

void test_together(Context& context, std::vector<Tested>& all) {
  std::vector<HostCopies*> copies;
  for (const Tested& one : all) copies.push_back(one.copies.get());
  for (const Way way : kWays) {
    std::vector<std::vector<double>> seconds(all.size());
    for (int round = 0; round < kRoundsTogether; ++round) {
      const auto of_round = pcie::copy_together(context.gpu(0), copies, way, kCopiesTogether);
      for (std::size_t i = 0; i < all.size(); ++i) seconds[i].push_back(of_round[i]);
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      of(all[i].together, way) = gb_per_s(way, copies[i]->bytes(), kCopiesTogether, median(seconds[i]));
  }
  for (Tested& one : all) look(one, *one.copies);
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

std::string culprit_of(const Context& context, const pci::Tree& tree, const std::vector<Tested>& all,
                       const Tested& one) {
  std::vector<std::string> texts;
  const std::string to_device = text_of(one.on_device), to_host = text_of(one.on_host);
  if (!to_device.empty()) texts.push_back("arrived wrong at the GPU: " + to_device);
  if (!to_host.empty()) texts.push_back("arrived wrong in the host's memory: " + to_host);
  if (one.together.to_device < kShared * one.alone.to_device ||
      one.together.to_host < kShared * one.alone.to_host) {
    const auto shared = what_it_shares(context, tree, all, one);
    texts.push_back(
        fmt::format("alone {:.1f} GB/s to it and {:.1f} from it, beside the other GPUs {:.1f} and {:.1f}",
                    one.alone.to_device, one.alone.to_host, one.together.to_device, one.together.to_host));
    if (!shared.empty()) texts.push_back(fmt::format("it shares {}", fmt::join(shared, "; ")));
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

void emit(Context& context, const Tested& one, const std::string& culprit) {
  const Part part = context.slot_of(one.device).below("pcie");
  const auto rate = [&](const char* name, double value) {
    context.measure_at(part, name, value, Unit::gb_per_s);
  };
  rate("to_device", one.alone.to_device);
  rate("to_host", one.alone.to_host);
  rate("both_ways", one.alone.both_ways);
  rate("to_device_together", one.together.to_device);
  rate("to_host_together", one.together.to_host);
  rate("both_ways_together", one.together.both_ways);
  if (one.has_far) {
    rate("far_to_device", one.from_far.to_device);
    rate("far_to_host", one.from_far.to_host);
  }
  context.measure_at(part, "wrong_words", static_cast<double>(one.on_device.count + one.on_host.count),
                     Unit::count);
  if (!culprit.empty()) context.measure_at(part, kCulprit, culprit);
}

/// Memory of the node, as its own processors see it: where a module is missing, it shows here first.
void measure_host_memory(Context& context) {
  std::vector<int> nodes = numa::nodes(context.host().files());
  if (nodes.empty()) nodes = {kAnyNumaNode};
  double rates = 0;
  for (const int node : nodes) {
    try {
      const double rate = context.host().memory_rate(node) * 1e-9;
      context.measure_at(Part("node").below(fmt::format("numa{}", std::max(0, node))), "host_memory", rate,
                         Unit::gb_per_s);
      ++rates;
    } catch (const std::exception& error) {
      context.log(fmt::format("memory of NUMA node {} was not measured: {}", node, error.what()));
    }
  }
  context.measure_at("node", "numa_nodes", rates, Unit::count);
}

void measure_far_memory(Context& context, const std::vector<Tested>& all) {
  std::vector<double> rates;
  for (const Tested& one : all) {
    if (one.has_far) rates.push_back(std::min(one.from_far.to_device, one.from_far.to_host));
  }
  if (!rates.empty()) context.measure_at("node", "far_memory", median(rates), Unit::gb_per_s);
}

void run(Context& context) {
  const HostFiles& files = context.host().files();
  const pci::Tree tree(files);
  measure_host_memory(context);
  std::vector<Tested> all;
  for (int device = 0; device < context.devices(); ++device) {
    const int near = tree.numa_node(context.pci_address_of(device));
    all.push_back({.device = device, .near = near, .far = numa::farthest_from(files, near)});
  }
  const Nanoseconds start = context.clock().now();
  double elapsed_s = 0;
  for (Tested& one : all) {
    test_alone(context, one);
    context.progress(0.9 * (one.device + 1) / context.devices());
  }
  do {
    test_together(context, all);
    elapsed_s = static_cast<double>(context.clock().now() - start) / static_cast<double>(kSecond);
  } while (elapsed_s < context.duration_s());
  for (const Tested& one : all) emit(context, one, culprit_of(context, tree, all, one));
  measure_far_memory(context, all);
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
  constexpr int kRounds = kAlone.warm_ups + kAlone.least, kMemories = 2, kLooks = 3;
  double alone_s =
      kLooks * (seconds_of(Way::both, 1) + speed.seconds_of_demands(pcie::work_of_look(pcie::kCopyBytes))) +
      kMemories * speed.seconds_to_hold(2.0 * pcie::kCopyBytes);
  double together_s = 0;
  for (const Way way : kWays) {
    alone_s += kMemories * kRounds * seconds_of(way, kCopies);
    together_s += together(way);
  }
  return std::max(duration_s, speed.devices * alone_s + together_s);
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
            {"both_ways", Unit::gb_per_s, "the same, both at once, added up", "pcie"},
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
             "receiver",
             "pcie"},
            {kCulprit, Unit::text, "what arrived wrong, and what the GPU shares with others", "pcie", false},
            {.name = "far_memory",
             .unit = Unit::gb_per_s,
             .meaning = "the lower of both ways from and to far memory: median of the GPUs",
             .of = Of::node},
            {.name = "host_memory",
             .unit = Unit::gb_per_s,
             .meaning = "read plus written by its own processors, of each NUMA node",
             .subcomponent = "numa",
             .of = Of::node,
             .numbered = true},
            {.name = "numa_nodes", .meaning = "NUMA nodes whose memory was measured", .of = Of::node},
        },
    .findings = {"pcie.slow", "pcie.shared", "pcie.far_memory", "pcie.host_memory", "pcie.miscompare"},
    .run = run,
    .detects = "a link that carries less than it is trained for, ports and channels of memory that are too "
               "slow for all "
               "GPUs at once, a slow way between the processors, data that are changed on the way",
    .misses = "network cards and drives, which share ports with GPUs; what happens over hours",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::pcie_in, Resource::pcie_out, Resource::host_memory, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
