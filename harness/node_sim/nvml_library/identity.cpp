// Who a GPU is, its firmware and its place.
#include "harness/node_sim/nvml_library/call.h"
#include "harness/node_sim/nvml_library/pci.h"

namespace assay::nvml {
namespace {

constexpr unsigned kBrandNvidia = 14;
constexpr unsigned kArchitectureHopper = 9;
constexpr unsigned kCudaCores = 132 * 128;  // multiprocessors, FP32 lanes of each
constexpr unsigned kGspVersionLength = 0x40;
constexpr int kGpusPerSocket = 4;

}  // namespace

Return nvmlDeviceGetName(Device device, char* name, unsigned length) {
  return answer_text(device, name, length, [](const GpuView& gpu) { return fixed_text(gpu.constants.name); });
}

Return nvmlDeviceGetUUID(Device device, char* uuid, unsigned length) {
  return answer_text(device, uuid, length, [](const GpuView& gpu) { return fixed_text(gpu.constants.uuid); });
}

Return nvmlDeviceGetSerial(Device device, char* serial, unsigned length) {
  return answer_text(device, serial, length,
                     [](const GpuView& gpu) { return fixed_text(gpu.constants.serial); });
}

Return nvmlDeviceGetBoardPartNumber(Device device, char* part, unsigned length) {
  return answer_text(device, part, length,
                     [](const GpuView& gpu) { return fixed_text(gpu.constants.board_part_number); });
}

Return nvmlDeviceGetVbiosVersion(Device device, char* version, unsigned length) {
  return answer_text(device, version, length,
                     [](const GpuView& gpu) { return fixed_text(gpu.constants.vbios); });
}

Return nvmlDeviceGetInforomImageVersion(Device device, char* version, unsigned length) {
  return answer_text(device, version, length,
                     [](const GpuView& gpu) { return fixed_text(gpu.constants.inforom_image); });
}

Return nvmlDeviceGetInforomVersion(Device device, unsigned object, char* version, unsigned length) {
  enum Object : unsigned { kOem = 0, kEcc = 1, kPower = 2, kDen = 3, kObjects = 4 };
  return with_gpu(device, version != nullptr && object < kObjects, [&](const GpuView&) {
    if (object == kOem) return copy_text("2.1", version, length);
    if (object == kEcc) return copy_text("7.16", version, length);
    return Return::not_supported;  // H200s answer N/A for power
  });
}

Return nvmlDeviceValidateInforom(Device device) {
  return with_gpu(device, true, [](const GpuView&) { return Return::success; });
}

Return nvmlDeviceGetGspFirmwareVersion(Device device, char* version) {
  return answer_text(device, version, kGspVersionLength,
                     [](const GpuView& gpu) { return fixed_text(gpu.state.driver_version); });
}

Return nvmlDeviceGetGspFirmwareMode(Device device, unsigned* enabled, unsigned* by_default) {
  return answer_if(by_default, device, enabled, [&](const GpuView&) { return *by_default = 1; });
}

Return nvmlDeviceGetModuleId(Device device, unsigned* id) {
  return answer(device, id, [](const GpuView& gpu) { return gpu.constants.module_id; });
}

Return nvmlDeviceGetNumaNodeId(Device device, unsigned* node) {
  return answer(device, node, [](const GpuView& gpu) { return gpu.index / kGpusPerSocket; });
}

Return nvmlDeviceGetBrand(Device device, unsigned* brand) {
  return answer_constant(device, brand, kBrandNvidia);
}

Return nvmlDeviceGetArchitecture(Device device, unsigned* architecture) {
  return answer_constant(device, architecture, kArchitectureHopper);
}

Return nvmlDeviceGetCudaComputeCapability(Device device, int* major, int* minor) {
  return with_gpu(device, major && minor, [&](const GpuView&) {
    *major = 9;
    *minor = 0;
    return Return::success;
  });
}

Return nvmlDeviceGetBoardId(Device device, unsigned* id) {
  return answer(device, id, [](const GpuView& gpu) {
    const auto address = parse_pci(gpu.constants.pci_address);
    return address ? address->bus << 8 : 0;
  });
}

Return nvmlDeviceGetMultiGpuBoard(Device device, unsigned* multi) {
  return answer_constant(device, multi, 0U);
}

Return nvmlDeviceOnSameBoard(Device first, Device second, int* same) {
  if (!Session::instance().knows(second)) {
    return Session::instance().state() ? Return::invalid_argument : Return::uninitialized;
  }
  return answer(first, same, [&](const GpuView& gpu) { return gpu.index == second->index; });
}

Return nvmlDeviceGetNumGpuCores(Device device, unsigned* cores) {
  return answer_constant(device, cores, kCudaCores);
}

}  // namespace assay::nvml
