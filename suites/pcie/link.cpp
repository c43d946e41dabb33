// How the PCIe links between a GPU and the root are trained while data go over them both ways, and what
// errors the devices on the way count meanwhile. What a link could do says nothing: what it does counts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/check.h"
#include "kernels/host_copies/host_copies.h"
#include "suites/pcie/near_memory.h"

namespace assay {
namespace {

using pci::Training;

constexpr int kFewestLooks = 16;
/// 40 ms: a look at the links of a GPU takes well under one.
constexpr int kCopiesInEachLook = 8;

struct LinkState {
  int generation = 0, width = 0;
};

LinkState lowest_of(const LinkState& a, const LinkState& b) {
  return {std::min(a.generation, b.generation), std::min(a.width, b.width)};
}

constexpr LinkState kNone{std::numeric_limits<int>::max(), std::numeric_limits<int>::max()};

/// A link, and the lowest that was seen of it once half of the time was over: a link that rests trained low
/// may rise with the load, and then has to stay.
class WatchedLink {
 public:
  /// By what its lower end shows: a virtual machine makes up the upper one.
  WatchedLink(const pci::Tree& tree, pci::Link link) : tree_(tree), link_(std::move(link)) {}

  void look() {
    const Training training = tree_.training(link_.lower);
    if (training.gone)
      throw DeviceError(codes::device_lost, link_.lower + " does not answer at its PCI address any more");
    const auto generation =
        training.speed_gt_per_s ? pci::generation_of(*training.speed_gt_per_s) : std::nullopt;
    // What was not shown once is not made up from other looks.
    const bool whole = generation && training.width;
    seen_.push_back(whole ? LinkState{*generation, *training.width} : LinkState{});
  }

  /// {0, 0} where a look found nothing.
  LinkState lowest() const {
    LinkState lowest = kNone;
    for (std::size_t i = seen_.size() / 2; i < seen_.size(); ++i) lowest = lowest_of(lowest, seen_[i]);
    return lowest;
  }
  /// What both ends can; 0 where neither says.
  LinkState most() const {
    LinkState most = kNone;
    for (const std::string& end : {link_.upper, link_.lower}) {
      const Training training = tree_.training(end);
      const auto generation =
          training.max_speed_gt_per_s ? pci::generation_of(*training.max_speed_gt_per_s) : std::nullopt;
      if (generation) most.generation = std::min(most.generation, *generation);
      if (training.max_width) most.width = std::min(most.width, *training.max_width);
    }
    if (most.generation == kNone.generation) most.generation = 0;
    if (most.width == kNone.width) most.width = 0;
    return most;
  }

  const pci::Link& link() const { return link_; }

 private:
  const pci::Tree& tree_;
  pci::Link link_;
  std::vector<LinkState> seen_;
};

struct ErrorGrowth {
  std::int64_t corrected = 0, uncorrected = 0;
  std::vector<std::string> who;  // "0000:17:01.0 counted 12 BadDLLP"
};

/// What some devices have counted since the beginning.
class WatchedErrors {
 public:
  WatchedErrors(const pci::Tree& tree, const std::vector<std::string>& devices)
      : tree_(tree), devices_(devices) {
    for (const std::string& device : devices) {
      if (auto counts = tree.errors(device)) before_.emplace_back(device, std::move(*counts));
    }
  }

  /// Nothing where none of them counts, or where one does not tell it any more or has begun anew.
  std::optional<ErrorGrowth> growth() const {
    if (before_.empty() && !devices_.empty()) return std::nullopt;
    ErrorGrowth all;
    for (const auto& [device, before] : before_) {
      const auto after = tree_.errors(device);
      if (!after || !add(device, before.correctable, after->correctable, all.corrected, all.who) ||
          !add(device, before.nonfatal, after->nonfatal, all.uncorrected, all.who) ||
          !add(device, before.fatal, after->fatal, all.uncorrected, all.who))
        return std::nullopt;
    }
    return all;
  }

 private:
  using Counts = std::map<std::string, std::int64_t>;
  static bool add(const std::string& device, const Counts& before, const Counts& after, std::int64_t& sum,
                  std::vector<std::string>& who) {
    const auto grown = pci::growth(before, after);
    if (!grown) return false;
    for (const auto& [name, count] : *grown) {
      sum += count;
      who.push_back(fmt::format("{} counted {} {}", device, count, name));
    }
    return true;
  }

  const pci::Tree& tree_;
  std::vector<std::string> devices_;
  std::vector<std::pair<std::string, pci::ErrorCounts>> before_;
};

std::string text_of(const LinkState& state) {
  return fmt::format("Gen{} x{}", state.generation, state.width);
}

/// Names both ends, and the slot as firmware calls it.
std::string name_of(const pci::Tree& tree, const pci::Link& link) {
  const std::string slot = tree.slot_name(link.lower);
  return fmt::format("between {} and {}{}", link.upper, link.lower,
                     slot.empty() ? "" : ", firmware slot " + slot);
}

/// Links that do less than both of their ends can; where there are none, nothing.
std::vector<std::string> trained_down(const pci::Tree& tree, const std::vector<WatchedLink>& links) {
  std::vector<std::string> texts;
  for (const WatchedLink& one : links) {
    const LinkState is = one.lowest(), can = one.most();
    const bool is_known = is.generation > 0 && is.width > 0;
    if (!is_known || (is.generation >= can.generation && is.width >= can.width)) continue;
    texts.push_back(fmt::format("the link {} runs at {}, both of its ends can {}", name_of(tree, one.link()),
                                text_of(is), text_of(can)));
  }
  return texts;
}

/// Calls look() while copies go both ways, for as long as the profile says.
void under_load(Context& context, pcie::HostCopies& copies, const std::function<void()>& look) {
  const Nanoseconds start = context.clock().now();
  double elapsed_s = 0;
  for (int looks = 0; looks < kFewestLooks || elapsed_s < context.duration_s(); ++looks) {
    copies.begin(pcie::Way::both, kCopiesInEachLook);
    look();
    copies.end();
    elapsed_s = seconds_of(context.clock().now() - start);
    if (context.duration_s() > 0) context.progress(std::min(1.0, elapsed_s / context.duration_s()));
  }
}

void emit(Context& context, const char* name, int value) {
  if (value > 0) context.measure(name, value, Unit::count);
}

struct ErrorMeasures {
  const char *corrected, *uncorrected;
};

void emit_errors(Context& context, const std::optional<ErrorGrowth>& growth, const ErrorMeasures& measures,
                 std::vector<std::string>& culprits) {
  if (!growth) return;
  context.measure(measures.corrected, static_cast<double>(growth->corrected), Unit::count);
  context.measure(measures.uncorrected, static_cast<double>(growth->uncorrected), Unit::count);
  culprits.insert(culprits.end(), growth->who.begin(), growth->who.end());
}

void run(Context& context) {
  const pci::Tree tree(context.host().files());
  const std::string& gpu = context.pci_address_of(0);
  // A device without a port above it has a link all the same, whose upper end nobody shows.
  std::vector<WatchedLink> links;
  for (pci::Link& link : tree.links_above(gpu)) links.emplace_back(tree, std::move(link));
  const bool path_is_known = !links.empty();
  if (!path_is_known) links.emplace_back(tree, pci::Link{"a port that is not shown", gpu});

  // The GPU's own link has two ends; what lies above is nothing of the GPU's.
  std::vector<std::string> path = tree.path_to(gpu);
  if (path.empty()) path = {gpu};  // nobody says how it is nested: it is asked all the same
  const auto own_end = path.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(path.size(), 2));
  const WatchedErrors own_errors(tree, {own_end, path.end()}), errors_above(tree, {path.begin(), own_end});
  const auto copies = pcie::near_or_any(context, tree.numa_node(gpu), [&](int node) {
    return pcie::make_host_copies(context.gpu(), context.host(), node, pcie::kCopyBytes, context.seed());
  });
  under_load(context, *copies, [&] {
    for (WatchedLink& link : links) link.look();
  });

  emit(context, "generation", links.front().lowest().generation);
  emit(context, "width", links.front().lowest().width);
  if (path_is_known) {
    LinkState worst = kNone;
    for (const WatchedLink& link : links) worst = lowest_of(worst, link.lowest());
    emit(context, "path_generation", worst.generation);
    emit(context, "path_width", worst.width);
  }
  std::vector<std::string> culprits = trained_down(tree, links);
  emit_errors(context, own_errors.growth(), {"corrected_errors", "uncorrected_errors"}, culprits);
  if (path_is_known)
    emit_errors(context, errors_above.growth(), {"path_corrected_errors", "path_uncorrected_errors"},
                culprits);
  if (!culprits.empty()) context.measure(kCulprit, fmt::format("{}", fmt::join(culprits, "; ")));
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const double look_s = kCopiesInEachLook * speed.seconds(pcie::work_of(pcie::Way::both, pcie::kCopyBytes));
  return speed.seconds_to_hold(2.0 * pcie::kCopyBytes) + std::max(duration_s, kFewestLooks * look_s);
}

const Registered pcie_link{{
    .name = "pcie.link",
    .summary =
        "The PCIe links between GPU and root are as fast and as wide as they should be while they work",
    .scope = Scope::gpu,
    .measures =
        {
            {"generation", Unit::count,
             "PCIe generation that the GPU's link runs at under load: the lowest seen in the second half",
             "pcie"},
            {"width", Unit::count,
             "lanes that the GPU's link runs on under load: the fewest seen in the second half", "pcie"},
            {"path_generation", Unit::count, "the same, the lowest of all links up to the root", "pcie"},
            {"path_width", Unit::count, "the same, the fewest of all links up to the root", "pcie"},
            {"corrected_errors", Unit::count,
             "corrected errors that the GPU and the port that it is at counted under load (AER)", "pcie"},
            {"uncorrected_errors", Unit::count,
             "errors that were not corrected, fatal ones too, counted likewise", "pcie"},
            {"path_corrected_errors", Unit::count, "corrected errors that the ports above those counted",
             "pcie"},
            {"path_uncorrected_errors", Unit::count, "their errors that were not corrected", "pcie"},
            {kCulprit, Unit::text, "which link does less than its ends can, which device counted what",
             "pcie", false},
        },
    .findings = {"pcie.generation", "pcie.width", "pcie.path", "pcie.path_errors", "pcie.errors",
                 "pcie.uncorrected"},
    .run = run,
    .detects =
        "a link that is trained to fewer lanes or a lower generation than it should, the GPU's own or one "
        "above it, also one that falls only under load; errors that the devices on the way count",
    .misses =
        "how much goes over the links, and whether it arrives whole; errors that firmware takes before the "
        "kernel sees them",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::pcie_in, Resource::pcie_out, Resource::host_memory, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
