#include "harness/run/worker_error.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "harness/model/finding_codes.h"

namespace assay::run {
namespace {

Part slot_at(const std::vector<Device>& devices, const std::string& pci_address) {
  for (const Device& device : devices) {
    if (!pci_address.empty() && device.pci_address == pci_address) return device.slot;
  }
  return {};
}

/// The GPU that it names, which in collectives can be another worker's. What hangs or fails there is else
/// nobody's in particular.
Part part_of(const Assignment& assignment, const DeviceError& error) {
  const bool of_all = FindingCode(error.code()).area() == FindingCode(codes::collective_hung).area();
  if (!of_all) return slot_at(assignment.devices, error.pci_address());
  const Part named = slot_at(assignment.slots, error.pci_address());
  return named.empty() ? assignment.placement : named;
}

/// Ranks can meet without touching one another's memory.
bool works_with_peers(const std::string& name) {
  const Check* check = find_check(name);
  return check == nullptr || std::count(check->loads.begin(), check->loads.end(), Resource::nvlink_in) > 0;
}

}  // namespace

void send_error(WorkerPipe& pipe, std::size_t body, const FindingCode& symptom, const std::string& message,
                const Part& part) {
  spdlog::error("{}: {}", symptom, message);
  nlohmann::json content{{"symptom", symptom}, {"message", message}};
  if (!part.empty()) content["part"] = part;
  pipe.send(body, "error", std::move(content));
}

void send_error(WorkerPipe& pipe, const Assignment& assignment, std::size_t body, const DeviceError& error) {
  const bool among_peers = assignment.devices.size() > 1 ||
                           (assignment.ranks > 1 && works_with_peers(assignment.bodies[body].check));
  // It may be any peer's, or of what lies between: the devices' own words say whose.
  if (among_peers && error.code() == codes::contained_error)
    return send_error(pipe, body, codes::contained_among_peers, error.what(), assignment.placement);
  send_error(pipe, body, error.code(), error.what(), part_of(assignment, error));
}

}  // namespace assay::run
