// What the node's network ports count while the run goes on: read at its beginning and at its end. Since when
// a driver was loaded says nothing of a port: cables were plugged since then, and switches restarted.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/check.h"

namespace assay {
namespace {

constexpr const char* kNode = "node";

// Of a port of InfiniBand or of Ethernet, as far as it has them (linux:
// Documentation/ABI/stable/sysfs-class-infiniband).
constexpr const char *kDowned = "link_downed", *kRecovered = "link_error_recovery",
                     *kSymbols = "symbol_error";

using PortName = std::pair<std::string, int>;

using Ports = std::map<PortName, NetworkPort>;

Ports ports_of(Context& context) {
  Ports ports;
  for (NetworkPort& port : read_host_inventory(context.host().files()).ports)
    ports[{port.device, port.port}] = std::move(port);
  return ports;
}

struct Beginning {
  Nanoseconds time = 0;
  Ports ports;
};

nlohmann::json json_of(const Beginning& beginning) {
  nlohmann::json ports = nlohmann::json::array();
  for (const auto& [name, port] : beginning.ports)
    ports.push_back({{"device", port.device},
                     {"card", port.card},
                     {"link_layer", port.link_layer},
                     {"rate_gbit_per_s", port.rate_gbit_per_s},
                     {"port", port.port},
                     {"state", port.state},
                     {"physical_state", port.physical},
                     {"counters", port.counters}});
  return {{"time", beginning.time}, {"ports", ports}};
}

Beginning beginning_from(const nlohmann::json& j) {
  Beginning beginning;
  j.at("time").get_to(beginning.time);
  for (const nlohmann::json& one : j.at("ports")) {
    NetworkPort port;
    one.at("device").get_to(port.device);
    port.card = one.value("card", port.device);
    port.link_layer = one.value("link_layer", "");
    port.rate_gbit_per_s = one.value("rate_gbit_per_s", 0.0);
    one.at("port").get_to(port.port);
    one.at("state").get_to(port.state);
    one.at("physical_state").get_to(port.physical);
    one.at("counters").get_to(port.counters);
    beginning.ports[{port.device, port.port}] = port;
  }
  return beginning;
}

/// Of the run, though it was killed since: a port that was lost meanwhile is lost.
Beginning beginning_of(Context& context) {
  if (!context.begun().is_null()) return beginning_from(context.begun());
  const Beginning now{context.clock().now(), ports_of(context)};
  context.evidence(kBegun, json_of(now));
  return now;
}

/// Since `before`; all of it where counting has begun anew.
std::int64_t growth(const NetworkPort& before, const NetworkPort& after, const char* counter) {
  const auto value = [&](const NetworkPort& port) {
    const auto found = port.counters.find(counter);
    return found == port.counters.end() ? 0 : found->second;
  };
  const std::int64_t now = value(after), then = value(before);
  return now < then ? now : now - then;
}

/// These counters stop at their greatest value (linux: drivers/infiniband/core/sysfs.c, PORT_PMA_ATTR: so
/// many bits; a device that counts further has passed it).
bool is_full(const NetworkPort& port, const char* counter, std::int64_t most) {
  const auto found = port.counters.find(counter);
  return found != port.counters.end() && found->second == most;
}

bool has_full_counter(const NetworkPort& port) {
  return is_full(port, kDowned, 255) || is_full(port, kRecovered, 255) || is_full(port, kSymbols, 65535);
}

/// Of a port that was up when the run began: of one that nobody uses, cables may be plugged meanwhile.
struct Change {
  const NetworkPort* before = nullptr;
  bool is_gone = false;  // the kernel does not list it any more
  bool is_lost = false;  // it is there, and not up
  std::int64_t downed = 0, recovered = 0, symbols = 0;
  bool lost_its_link() const { return is_lost || downed > 0; }
};

std::vector<Change> changes_of(const Ports& before, const Ports& after) {
  std::vector<Change> changes;
  for (const auto& [name, port] : before) {
    if (!port.up()) continue;
    Change change;
    change.before = &port;
    if (const auto found = after.find(name); found == after.end()) {
      change.is_gone = true;
    } else {
      change.is_lost = !found->second.up();
      change.downed = growth(port, found->second, kDowned);
      change.recovered = growth(port, found->second, kRecovered);
      change.symbols = growth(port, found->second, kSymbols);
    }
    changes.push_back(change);
  }
  return changes;
}

/// Ports of one kind are at the switches of one network.
using Network = std::pair<std::string, double>;
Network network_of(const Change& change) {
  return {change.before->link_layer, change.before->rate_gbit_per_s};
}

/// Where all ports of several cards lost their link, it is what is at the other end of their cables.
std::set<Network> disturbed_networks(const std::vector<Change>& changes) {
  std::map<Network, std::set<std::string>> cards;
  std::set<Network> undisturbed;
  for (const Change& change : changes) {
    cards[network_of(change)].insert(change.before->card);
    if (!change.lost_its_link()) undisturbed.insert(network_of(change));
  }
  std::set<Network> disturbed;
  for (const auto& [network, of] : cards) {
    if (of.size() > 1 && undisturbed.count(network) == 0) disturbed.insert(network);
  }
  return disturbed;
}

std::string text_of(const Change& change, const Ports& after) {
  const NetworkPort& before = *change.before;
  if (change.is_gone) return fmt::format("{} port {}: not there any more", before.device, before.port);
  std::string text = assay::text_of(after.at({before.device, before.port}));
  for (const auto& [name, count] :
       {std::pair{kDowned, change.downed}, std::pair{kRecovered, change.recovered},
        std::pair{kSymbols, change.symbols}})
    text += fmt::format(", {} +{}", name, count);
  return text;
}

bool is_worth_saying(const Change& change) {
  return change.is_gone || change.is_lost || change.downed > 0 || change.recovered > 0 || change.symbols > 0;
}

void run(Context& context) {
  const Beginning before = beginning_of(context);
  context.stay();
  const Nanoseconds watched = context.clock().now() - before.time;
  const Ports after = ports_of(context);
  const std::vector<Change> changes = changes_of(before.ports, after);
  const std::set<Network> disturbed = disturbed_networks(changes);
  int lost = 0, together = 0, full = 0;
  std::int64_t downed = 0, most_recovered = 0, most_symbols = 0;
  std::vector<std::string> said;
  for (const Change& change : changes) {
    if (has_full_counter(*change.before)) {
      ++full;
      said.push_back(assay::text_of(*change.before) + ": a counter is at its end, and counts no further");
    }
    if (is_worth_saying(change)) said.push_back(text_of(change, after));
    if (disturbed.count(network_of(change)) != 0) {
      ++together;
      continue;  // what all have in common says nothing of any one of them
    }
    lost += change.is_gone || change.is_lost ? 1 : 0;
    downed += change.downed;
    most_recovered = std::max(most_recovered, change.recovered);
    most_symbols = std::max(most_symbols, change.symbols);
  }
  const auto count = [&](const char* name, double value) {
    context.measure_at(kNode, name, value, Unit::count);
  };
  context.measure_at(kNode, "watched", seconds_of(watched), Unit::seconds);
  count("ports_watched", static_cast<double>(before.ports.size()));
  count("ports_disturbed_together", together);
  count("ports_lost", lost);
  count("ports_with_full_counter", full);
  count("links_downed", static_cast<double>(downed));
  // One error of a short look is no rate.
  constexpr double kShortest_h = 0.1, kSecondsPerHour = 3600;
  const double hours = std::max(seconds_of(watched) / kSecondsPerHour, kShortest_h);
  count("links_recovered_per_hour", static_cast<double>(most_recovered) / hours);
  count("symbol_errors_per_hour", static_cast<double>(most_symbols) / hours);
  if (!said.empty()) context.measure_at(kNode, kCulprit, fmt::format("{}", fmt::join(said, "; ")));
}

const Registered health_network{{
    .name = "health.network",
    .summary = "The node's network ports stay up, and make no errors, while the run goes on",
    .scope = Scope::node,
    .measures =
        {
            {.name = "watched",
             .unit = Unit::seconds,
             .meaning = "for how long",
             .judged = false,
             .of = Of::node},
            {.name = "ports_watched", .meaning = "RDMA ports", .judged = false, .of = Of::node},
            {.name = "ports_lost",
             .meaning = "RDMA ports that were up at the beginning and are not at the end, where others are",
             .of = Of::node},
            {.name = "ports_with_full_counter",
             .meaning = "RDMA ports with a counter of errors that counts no further",
             .of = Of::node},
            {.name = "links_downed",
             .meaning = "how often a port's link went down, where others' did not",
             .of = Of::node},
            {.name = "links_recovered_per_hour",
             .meaning = "how often a port's link trained again, of the port with most",
             .of = Of::node},
            {.name = "symbol_errors_per_hour",
             .meaning = "symbols that a port could not read, of the port with most",
             .of = Of::node},
            {.name = "ports_disturbed_together",
             .meaning = "RDMA ports of one kind and of several cards that all lost their link; 0 where some "
                        "of them kept it",
             .of = Of::node},
            {.name = kCulprit,
             .unit = Unit::text,
             .meaning = "which ports, and what they counted",
             .judged = false,
             .of = Of::node,
             .may_lack = true},
        },
    .findings = {"host.port_lost", "host.port_errors", "host.port_counters_full", "environment.network"},
    .run = run,
    .detects = "ports, cables and modules that lose the link or make errors while nobody uses them",
    .misses = "how fast a port is, and what shows only under traffic",
    .stays = true,
}};

}  // namespace
}  // namespace assay
