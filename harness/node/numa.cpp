#include "harness/node/numa.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace assay::numa {
namespace {

const std::string kFolder = "/sys/devices/system/node/";

std::string file_of(int node, const char* file) {
  return kFolder + "node" + std::to_string(node) + "/" + file;
}

std::string topology_of(int processor, const char* file) {
  return "/sys/devices/system/cpu/cpu" + std::to_string(processor) + "/topology/" + file;
}

std::optional<int> number_of(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::vector<int> list_in(const HostFiles& files, const std::string& path) {
  const auto text = files.read(path);
  return text ? list_of(*text).value_or(std::vector<int>{}) : std::vector<int>{};
}

}  // namespace

std::optional<std::vector<int>> list_of(const std::string& text) {
  constexpr int kMost = 1 << 16;  // what no machine has is not counted up to
  std::vector<int> all;
  std::istringstream in(text);
  for (std::string range; std::getline(in, range, ',');) {
    const auto dash = range.find('-');
    const auto first = number_of(range.substr(0, dash));
    const auto last = dash == std::string::npos ? first : number_of(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last > kMost) return std::nullopt;
    for (int i = *first; i <= *last; ++i) all.push_back(i);
  }
  return all;
}

std::vector<int> nodes(const HostFiles& files) {
  return list_in(files, kFolder + "has_memory");
}

std::vector<int> processors(const HostFiles& files, int node) {
  return list_in(files, file_of(node, "cpulist"));
}

int socket_of(const HostFiles& files, int node) {
  for (const int processor : processors(files, node)) {
    const auto text = files.read(topology_of(processor, "physical_package_id"));
    if (text) return number_of(*text).value_or(0);
  }
  return 0;
}

std::vector<int> one_of_each_core(const HostFiles& files, const std::vector<int>& processors) {
  std::vector<int> first;
  for (const int processor : processors) {
    const std::vector<int> siblings = list_in(files, topology_of(processor, "thread_siblings_list"));
    if (siblings.empty() || siblings.front() == processor) first.push_back(processor);
  }
  return first;
}

int farthest_from(const HostFiles& files, int node) {
  // One for each node that is online, with memory or without.
  const std::vector<int> online = list_in(files, kFolder + "online"), with_memory = nodes(files);
  std::istringstream distances(files.read(file_of(node, "distance")).value_or(""));
  int farthest = node, greatest = -1;
  for (const int other : online) {
    int distance = 0;
    distances >> distance;  // what the kernel does not tell is 0
    const bool has_memory = std::count(with_memory.begin(), with_memory.end(), other) > 0;
    if (other == node || !has_memory || distance <= greatest) continue;
    farthest = other;
    greatest = distance;
  }
  return farthest;
}

}  // namespace assay::numa
