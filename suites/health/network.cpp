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
    one.at("card").get_to(port.card);
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

struct Growth {
  int lost = 0;                 // ports that were up
  int full = 0;                 // ports with a counter that counts no further
  int disturbed = 0;            // ports that lost their link, for good or not
  std::set<std::string> cards;  // of the ports that were up
  int up = 0;
  std::int64_t downed = 0;
  std::int64_t most_recovered = 0, most_symbols = 0;  // of one port
  /// What all ports of several cards have in common is at the other end of their cables.
  bool is_common() const { return cards.size() > 1 && disturbed == up; }
  std::vector<std::string> said;
};

/// Of a port that was up when the run began: of one that nobody uses, cables may be plugged meanwhile.
void add(const NetworkPort& before, const NetworkPort& after, Growth& all) {
  const std::int64_t downed = growth(before, after, kDowned), recovered = growth(before, after, kRecovered),
                     symbols = growth(before, after, kSymbols);
  const bool lost = !after.up();
  all.lost += lost ? 1 : 0;
  all.disturbed += lost || downed > 0 ? 1 : 0;
  if (has_full_counter(before)) {
    ++all.full;
    all.said.push_back(text_of(before) + ": a counter is at its end, and counts no further");
  }
  all.downed += downed;
  all.most_recovered = std::max(all.most_recovered, recovered);
  all.most_symbols = std::max(all.most_symbols, symbols);
  if (lost || downed > 0 || recovered > 0 || symbols > 0)
    all.said.push_back(fmt::format("{}: {} +{}, {} +{}, {} +{}", text_of(after), kDowned, downed, kRecovered,
                                   recovered, kSymbols, symbols));
}

Growth growth_of(const Ports& before, const Ports& after) {
  Growth all;
  for (const auto& [name, port] : before) {
    if (!port.up()) continue;
    ++all.up;
    all.cards.insert(port.card);
    const auto found = after.find(name);
    if (found != after.end()) {
      add(port, found->second, all);
    } else {
      ++all.lost;
      ++all.disturbed;
      all.said.push_back(fmt::format("{} port {}: not there any more", name.first, name.second));
    }
  }
  return all;
}

void run(Context& context) {
  const Beginning before = beginning_of(context);
  context.stay();
  const Nanoseconds watched = context.clock().now() - before.time;
  const Growth all = growth_of(before.ports, ports_of(context));
  const auto count = [&](const char* name, double value) {
    context.measure_at(kNode, name, value, Unit::count);
  };
  context.measure_at(kNode, "watched", seconds_of(watched), Unit::seconds);
  count("ports_watched", static_cast<double>(before.ports.size()));
  // What all have in common says nothing of any one of them.
  const bool common = all.is_common();
  count("ports_disturbed_together", common ? all.disturbed : 0);
  count("ports_lost", common ? 0 : all.lost);
  count("ports_with_full_counter", all.full);
  count("links_downed", common ? 0 : static_cast<double>(all.downed));
  // One error of a short look is no rate.
  constexpr double kShortest_h = 0.1, kSecondsPerHour = 3600;
  const double hours = std::max(seconds_of(watched) / kSecondsPerHour, kShortest_h);
  count("links_recovered_per_hour", common ? 0 : static_cast<double>(all.most_recovered) / hours);
  count("symbol_errors_per_hour", common ? 0 : static_cast<double>(all.most_symbols) / hours);
  if (!all.said.empty()) context.measure_at(kNode, kCulprit, fmt::format("{}", fmt::join(all.said, "; ")));
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
             .meaning = "all RDMA ports, where each of them lost its link; 0 where some kept it",
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
