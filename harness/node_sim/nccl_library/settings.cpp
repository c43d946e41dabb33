#include "harness/node_sim/nccl_library/settings.h"

#include <strings.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <sstream>
#include <vector>

namespace assay::nccl {
namespace {

constexpr const char* kFunctionNames[] = {"Broadcast",     "Reduce",    "AllGather",
                                          "ReduceScatter", "AllReduce", "SendRecv"};
constexpr const char* kAlgorithmNames[] = {"TREE", "RING", "NVLS", "PAT"};
constexpr const char* kProtocolNames[] = {"LL", "LL128", "SIMPLE"};
/// Names that NCCL knows, of what this node never has.
constexpr const char* kUnavailable[] = {"CollnetDirect", "CollnetChain", "NVLSTree"};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

int index_of(const std::string& name, const char* const* names, int count) {
  for (int i = 0; i < count; ++i) {
    if (strcasecmp(name.c_str(), names[i]) == 0) return i;
  }
  return -1;
}

bool is_unavailable(const std::string& name) {
  return index_of(name, kUnavailable, std::size(kUnavailable)) >= 0;
}

/// "[func:]list{;func:list}": of each function, which of the names may be used, and whether any was named.
/// False for a word that nobody knows.
template <int kNames>
bool parse(const char* variable, const char* const* names, bool (&allowed)[kTunedFunctions][kNames],
           bool (&named_any)[kTunedFunctions]) {
  for (auto& of_function : allowed) {
    for (bool& one : of_function) one = true;
  }
  const char* const text = std::getenv(variable);
  if (text == nullptr) return true;
  bool first = true;
  for (const std::string& entry : split(text, ';')) {
    const auto colon = entry.find(':');
    std::string list = colon == std::string::npos ? entry : entry.substr(colon + 1);
    int only = -1;
    if (colon != std::string::npos) {
      only = index_of(entry.substr(0, colon), kFunctionNames, kTunedFunctions);
      if (only < 0) return false;
    } else if (!first) {
      return false;
    }
    first = false;
    const bool inverted = !list.empty() && list[0] == '^';
    if (inverted) list = list.substr(1);
    bool named[kNames] = {};
    for (const std::string& word : split(list, ',')) {
      const int index = index_of(word, names, kNames);
      if (index >= 0) named[index] = true;
      if (index < 0 && !is_unavailable(word)) return false;
    }
    for (int function = 0; function < kTunedFunctions; ++function) {
      if (only >= 0 && only != function) continue;
      named_any[function] = true;
      for (int i = 0; i < kNames; ++i) allowed[function][i] = named[i] != inverted;
    }
  }
  return true;
}

int number(const char* variable, int fallback) {
  const char* const text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? fallback : std::atoi(text);
}

}  // namespace

const char* name_of(Function function) {
  return kFunctionNames[static_cast<int>(function)];
}
const char* name_of(Algorithm algorithm) {
  return kAlgorithmNames[static_cast<int>(algorithm)];
}
const char* name_of(Protocol protocol) {
  return kProtocolNames[static_cast<int>(protocol)];
}

void allow_all(Settings& settings) {
  std::fill(std::begin(settings.names_protocols), std::end(settings.names_protocols), false);
  for (auto& of_function : settings.algorithms)
    std::fill(std::begin(of_function), std::end(of_function), true);
  for (auto& of_function : settings.protocols)
    std::fill(std::begin(of_function), std::end(of_function), true);
}

Settings settings_of_environment() {
  Settings settings;
  bool names_algorithms[kTunedFunctions] = {};
  if (!parse("NCCL_ALGO", kAlgorithmNames, settings.algorithms, names_algorithms))
    settings.wrong = "NCCL_ALGO cannot be parsed";
  if (!parse("NCCL_PROTO", kProtocolNames, settings.protocols, settings.names_protocols))
    settings.wrong = "NCCL_PROTO cannot be parsed";
  settings.nvls_enable = number("NCCL_NVLS_ENABLE", 2);
  if (const char* const id = std::getenv("NCCL_HOSTID")) settings.host_id = id;
  const char* const address = std::getenv("NCCL_RAS_ADDR");
  if (number("NCCL_RAS_ENABLE", 1) != 0)
    settings.ras_address = address == nullptr ? "localhost:28028" : address;
  const char* const plugin = std::getenv("NCCL_PROFILER_PLUGIN");
  settings.uses_static_profiler = plugin != nullptr && std::string(plugin) == "STATIC_PLUGIN";
  return settings;
}

}  // namespace assay::nccl
