#include "harness/node/pci_tree.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <sstream>

#include "harness/model/pci_address.h"

namespace assay::pci {
namespace {

constexpr const char* kDevices = "/sys/bus/pci/devices/";
const std::string kSlots = "/sys/bus/pci/slots";

// What a register reads as where nothing answers: 0x3f lanes, and a speed that no generation has.
constexpr int kWidthOfNothing = 63;
constexpr std::string_view kUnknown = "Unknown";

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> lanes_of(const std::optional<std::string>& text) {
  const auto lanes = text ? whole_number(*text) : std::nullopt;
  if (!lanes || *lanes <= 0 || *lanes >= kWidthOfNothing) return std::nullopt;
  return static_cast<int>(*lanes);
}

/// "0000:19" of "0000:19:00.0".
std::string_view bus_of(std::string_view address) {
  return address.substr(0, address.rfind(':'));
}

std::map<std::string, std::int64_t> counts_of(const std::string& text) {
  std::map<std::string, std::int64_t> counts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.rfind(' ');
    if (space == std::string::npos) continue;
    const std::string name = line.substr(0, space);
    const auto count = whole_number(std::string_view(line).substr(space + 1));
    // The kernel's own sum leaves out what it has no name for.
    if (count && name.rfind("TOTAL_ERR", 0) != 0) counts[name] = *count;
  }
  return counts;
}

}  // namespace

std::optional<std::string> Tree::read(const std::string& address, const char* file) const {
  return files_.read(kDevices + address + "/" + file);
}

bool Tree::nested(const std::string& bridge, const std::string& below) const {
  const auto bus = read(bridge, "secondary_bus_number");
  if (!bus) return true;  // kernels before 4.19 do not say
  const auto number = whole_number(*bus);
  unsigned actual = 0;
  const std::string_view text = bus_of(below).substr(bus_of(below).rfind(':') + 1);
  std::from_chars(text.data(), text.data() + text.size(), actual, 16);
  return number && *number == static_cast<std::int64_t>(actual);
}

std::vector<std::string> Tree::path_to(const std::string& address) const {
  const auto real = files_.resolve(kDevices + address);
  if (!real) return {};
  std::vector<std::string> path;
  std::istringstream parts(*real);
  for (std::string part; std::getline(parts, part, '/');) {
    if (is_pci_address(part)) path.push_back(part);
  }
  if (path.empty() || path.back() != address) return {};
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (!nested(path[i - 1], path[i])) return {};
  }
  return path;
}

std::vector<Link> Tree::links_above(const std::string& address) const {
  std::vector<Link> links;
  const std::vector<std::string> path = path_to(address);
  for (std::size_t lower = path.size(); lower >= 2; lower -= 2)
    links.push_back({path[lower - 2], path[lower - 1]});
  return links;
}

Training Tree::training(const std::string& address) const {
  Training training;
  const auto speed = read(address, "current_link_speed"), width = read(address, "current_link_width");
  if (speed) training.speed_gt_per_s = speed_of(*speed);
  training.width = lanes_of(width);
  if (const auto most = read(address, "max_link_speed")) training.max_speed_gt_per_s = speed_of(*most);
  training.max_width = lanes_of(read(address, "max_link_width"));
  training.gone =
      speed && speed->rfind(kUnknown, 0) == 0 && width && *width == std::to_string(kWidthOfNothing);
  return training;
}

std::optional<ErrorCounts> Tree::errors(const std::string& address) const {
  const auto correctable = read(address, "aer_dev_correctable"), nonfatal = read(address, "aer_dev_nonfatal"),
             fatal = read(address, "aer_dev_fatal");
  if (!correctable || !nonfatal || !fatal) return std::nullopt;
  return ErrorCounts{counts_of(*correctable), counts_of(*nonfatal), counts_of(*fatal)};
}

int Tree::numa_node(const std::string& address) const {
  const auto text = read(address, "numa_node");
  const auto node = text ? whole_number(*text) : std::nullopt;
  return node ? static_cast<int>(*node) : -1;
}

/// A slot's address has no function: "0000:17:01".
std::string Tree::slot_name(const std::string& address) const {
  std::map<std::string, std::string> names;
  for (const std::string& name : files_.list(kSlots)) {
    if (const auto of = files_.read(kSlots + "/" + name + "/address")) names[*of] = name;
  }
  const std::vector<std::string> path = path_to(address);
  for (auto device = path.rbegin(); device != path.rend(); ++device) {
    const auto named = names.find(device->substr(0, device->rfind('.')));
    if (named != names.end()) return named->second;
  }
  return "";
}

std::optional<double> speed_of(const std::string& text) {
  char* end = nullptr;
  const double speed = std::strtod(text.c_str(), &end);
  if (!(speed > 0) || std::string_view(end).rfind(" GT/s", 0) != 0) return std::nullopt;
  return speed;
}

std::optional<int> generation_of(double gt_per_s) {
  constexpr double kSpeeds[] = {2.5, 5, 8, 16, 32, 64};  // PCI Express Base Specification, 1.0 to 6.0
  const auto* const found = std::find(std::begin(kSpeeds), std::end(kSpeeds), gt_per_s);
  if (found == std::end(kSpeeds)) return std::nullopt;
  return static_cast<int>(found - std::begin(kSpeeds)) + 1;
}

std::optional<std::map<std::string, std::int64_t>> growth(const std::map<std::string, std::int64_t>& before,
                                                          const std::map<std::string, std::int64_t>& after) {
  std::map<std::string, std::int64_t> grown = after;
  for (const auto& [name, count] : before) {
    const auto now = grown.find(name);
    if (now == grown.end() || now->second < count) return std::nullopt;
    now->second -= count;
  }
  for (auto kind = grown.begin(); kind != grown.end();) kind = kind->second == 0 ? grown.erase(kind) : ++kind;
  return grown;
}

}  // namespace assay::pci
