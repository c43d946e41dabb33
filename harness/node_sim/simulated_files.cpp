#include "harness/node_sim/simulated_files.h"

#include <map>
#include <set>

#include "harness/base/sha256.h"
#include "harness/node/nccl_settings.h"

namespace assay::sim {
namespace {

/// A line for each fault of this kind (faults/collective_faults.cpp).
std::optional<std::string> planted_settings(const State& state) {
  std::optional<std::string> text;
  for (int i = 0; i < state.fault_count; ++i) {
    const FaultState& fault = state.faults[i];
    if (std::string_view(fault.kind) != "nccl_settings") continue;
    text = (text ? *text + "\n" : "") + std::string(fault_text(fault, "line"));
  }
  return text;
}

/// What a hypervisor's tool writes, in little: NCCL's own form (graph/xml.cc).
constexpr const char* kVirtualTopology = "<system version=\"1\"><cpu numaid=\"0\"/></system>";

/// Names below a folder, of files by their paths.
std::set<std::string> names_in(const std::map<std::string, std::string>& files, const std::string& folder) {
  const std::string below = folder + "/";
  std::set<std::string> names;
  for (auto at = files.lower_bound(below); at != files.end(); ++at) {
    if (at->first.compare(0, below.size(), below) != 0) break;
    const std::string rest = at->first.substr(below.size());
    names.insert(rest.substr(0, rest.find('/')));
  }
  return names;
}

bool is_of_ports(const std::string& path) {
  return (path + "/").rfind(kPortFiles, 0) == 0;
}

}  // namespace

std::optional<std::string> SimulatedFiles::read(const std::string& path) const {
  if (path == kNcclSettingsFile) return planted_settings(*state_);
  if (path == kNcclTopologyFile && state_->virtual_pci_ports != 0) return kVirtualTopology;
  if (is_of_ports(path)) {
    const auto files = files_of_ports(*state_);
    const auto of_port = files.find(path);
    return of_port != files.end() ? std::optional(of_port->second) : std::nullopt;
  }
  const auto of_machine = machine_.find(path);
  return of_machine != machine_.end() ? of_machine->second : sysfs_.read(path);
}

std::vector<std::string> SimulatedFiles::list(const std::string& folder) const {
  const std::set<std::string> names =
      names_in(is_of_ports(folder) ? files_of_ports(*state_) : machine_, folder);
  return names.empty() ? sysfs_.list(folder) : std::vector<std::string>(names.begin(), names.end());
}

/// With the newline at its end, which read() leaves out.
std::optional<std::string> SimulatedFiles::sha256(const std::string& path) const {
  const auto content = read(path);
  if (!content) return std::nullopt;
  return assay::sha256(*content + "\n");
}

}  // namespace assay::sim
