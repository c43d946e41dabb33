// Which GPUs there are, and their handles. Every way to a GPU's handle gives the same one.
#include "harness/node_sim/nvml_library/call.h"
#include "harness/node_sim/nvml_library/pci.h"

namespace assay::nvml {
namespace {

/// The first enumerated GPU that `matches(const DeviceObject&, const sim::GpuConstants&)`; null where none
/// does.
template <typename Matches>
DeviceObject* first(sim::State& state, Matches matches) {
  const auto candidates = Session::instance().devices();
  const sim::Lock lock(state.mutex);
  const auto found = std::find_if(candidates.begin(), candidates.end(), [&](const DeviceObject* candidate) {
    return matches(*candidate, state.constants[candidate->gpu]);
  });
  return found == candidates.end() ? nullptr : *found;
}

/// `otherwise` where there is no such GPU. The first contact is where a driver that was not kept loaded
/// starts the GPU up: what is planted for it delays the answer, as that does.
template <typename Matches>
Return find(bool arguments_valid, Device* device, Return otherwise, Matches matches,
            const char* function = __builtin_FUNCTION()) {
  const auto shared = Session::instance().state();
  if (!shared) return Return::uninitialized;
  if (!arguments_valid || !device) return Return::invalid_argument;
  sim::State& state = **shared;
  DeviceObject* const found = first(state, matches);
  if (found == nullptr) return otherwise;
  if (const auto planted = planted_answer(state, found->gpu, function, 0)) {
    std::this_thread::sleep_for(std::chrono::duration<double>(planted->delay_s));
    if (planted->result != Return::success) return planted->result;
  }
  const sim::Lock lock(state.mutex);
  if (!state.dynamic[found->gpu].present) return Return::gpu_lost;
  *device = found;
  return Return::success;
}

}  // namespace

Return nvmlDeviceGetCount(unsigned* count) {
  return nvmlDeviceGetCount_v2(count);
}

Return nvmlDeviceGetCount_v2(unsigned* count) {
  Session& session = Session::instance();
  if (!session.state()) return Return::uninitialized;
  if (!count) return Return::invalid_argument;
  *count = static_cast<unsigned>(session.devices().size());
  return Return::success;
}

Return nvmlDeviceGetHandleByIndex(unsigned index, Device* device) {
  return nvmlDeviceGetHandleByIndex_v2(index, device);
}

Return nvmlDeviceGetHandleByIndex_v2(unsigned index, Device* device) {
  return find(true, device, Return::invalid_argument,
              [&](const DeviceObject& candidate, const sim::GpuConstants&) {
                return static_cast<unsigned>(candidate.index) == index;
              });
}

Return nvmlDeviceGetHandleByPciBusId(const char* address, Device* device) {
  return nvmlDeviceGetHandleByPciBusId_v2(address, device);
}

Return nvmlDeviceGetHandleByPciBusId_v2(const char* address, Device* device) {
  const auto wanted = address ? parse_pci(address) : std::nullopt;
  return find(wanted.has_value(), device, Return::not_found,
              [&](const DeviceObject&, const sim::GpuConstants& constants) {
                const auto at = parse_pci(constants.pci_address);
                return at && at->domain == wanted->domain && at->bus == wanted->bus &&
                       at->device == wanted->device;
              });
}

Return nvmlDeviceGetHandleByUUID(const char* uuid, Device* device) {
  return find(uuid != nullptr, device, Return::not_found,
              [&](const DeviceObject&, const sim::GpuConstants& constants) {
                return fixed_text(constants.uuid) == uuid;
              });
}

Return nvmlDeviceGetHandleBySerial(const char* serial, Device* device) {
  return find(serial != nullptr, device, Return::not_found,
              [&](const DeviceObject&, const sim::GpuConstants& constants) {
                return fixed_text(constants.serial) == serial;
              });
}

Return nvmlDeviceGetIndex(Device device, unsigned* index) {
  return answer(device, index, [](const GpuView& gpu) { return gpu.index; });
}

Return nvmlDeviceGetMinorNumber(Device device, unsigned* minor) {
  return answer(device, minor, [](const GpuView& gpu) { return gpu.index; });
}

}  // namespace assay::nvml
