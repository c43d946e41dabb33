#include "suites/collective/machine_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

namespace assay::collective {
namespace {

/// What is longer belongs in no record.
constexpr std::size_t kMostText = 16 << 10, kMostNamed = 8;

bool is_set(const std::string& name) {
  return std::getenv(name.c_str()) != nullptr;
}

std::string named(std::vector<std::string> settings) {
  if (settings.empty()) return "none";
  const std::size_t all = settings.size();
  if (all > kMostNamed) settings.resize(kMostNamed);
  std::string text = fmt::format("{}", fmt::join(settings, ", ")).substr(0, kMostText);
  if (all > kMostNamed) text += fmt::format(" and {} more", all - kMostNamed);
  return text;
}

}  // namespace

MachineFiles machine_files(const HostFiles& files) {
  const auto text = files.read(kNcclSettingsFile);
  const auto topology = files.sha256(kNcclTopologyFile);
  MachineFiles found{named(settings_made_by(text.value_or(""), is_set)), nlohmann::json::object()};
  found.evidence[kNcclSettingsFile] = nullptr;
  found.evidence[kNcclTopologyFile] = nullptr;
  if (text) found.evidence[kNcclSettingsFile] = text->substr(0, kMostText);
  if (topology) found.evidence[kNcclTopologyFile] = "sha256:" + *topology;
  return found;
}

}  // namespace assay::collective
