#include "harness/node/nvml_gpu.h"

namespace assay::nvml {
namespace {

constexpr unsigned long long kMebibyte = 1ULL << 20;

}  // namespace

GpuIdentity GpuQuery::identity() {
  GpuIdentity identity;
  identity.name = text(api_.name);
  identity.uuid = text(api_.uuid);
  identity.serial = text(api_.serial);
  identity.board_part_number = text(api_.board_part_number);
  identity.vbios = text(api_.vbios_version);
  identity.inforom_image = text(api_.inforom_image_version);
  identity.gsp_firmware = gsp_firmware();
  identity.module_id = number(api_.module_id);
  identity.memory_mib = memory_total_mib();
  read_mode(api_.ecc_mode, identity.ecc_enabled, identity.ecc_after_reset);
  read_mode(api_.mig_mode, identity.mig_enabled, identity.mig_after_reset);
  identity.persistence_enabled = number(api_.persistence_mode);
  identity.compute_mode = number(api_.compute_mode);
  identity.power_limit_mw = number(api_.enforced_power_limit);
  if (!identity.power_limit_mw.has_value()) identity.power_limit_mw = number(api_.power_limit);
  identity.power_default_limit_mw = number(api_.power_default_limit);
  identity.pcie_max_generation = number(api_.pcie_max_generation);
  identity.pcie_max_width = number(api_.pcie_max_width);
  identity.max_sm_mhz = number(api_.max_clock, kClockSm);
  identity.max_memory_mhz = number(api_.max_clock, kClockMemory);
  identity.set_sm_mhz = sm_clock(kClockIdTarget);
  identity.default_sm_mhz = sm_clock(kClockIdDefault);
  identity.compute_capability = compute_capability();
  read_pci(identity);

  return identity;
}

void GpuQuery::read_pci(GpuIdentity& identity) {
  PciInfo pci{};
  const Return result = ask(api_.pci_info, &pci);
  identity.pci_device = integer(result, pci.device_id);
  identity.pci_address = result == Return::success ? Text::of(pci_address(pci.domain, pci.bus, pci.device))
                                                   : Text::none(word(result));
}

Integer GpuQuery::inforom_valid() {
  return integer(ask(api_.validate_inforom), 1);
}

Integer GpuQuery::sm_clock(unsigned id) {
  unsigned mhz = 0;
  const Return result = ask(api_.clock_by_id, static_cast<unsigned>(kClockSm), id, &mhz);
  return integer(result, mhz);
}

Text GpuQuery::gsp_firmware() {
  char version[kGspFirmwareVersionLength] = {};
  const Return result = ask(api_.gsp_firmware_version, version);
  if (result != Return::success) return Text::none(word(result));
  version[sizeof(version) - 1] = 0;
  return Text::of(version);
}

void GpuQuery::read_mode(const Function<Return(Device, unsigned*, unsigned*)>& function, Integer& current,
                         Integer& after_reset) {
  unsigned now = 0, pending = 0;
  const Return result = ask(function, &now, &pending);
  current = integer(result, now);
  after_reset = integer(result, pending);
}

Integer GpuQuery::compute_capability() {
  int major = 0;
  int minor = 0;
  const Return result = ask(api_.compute_capability, &major, &minor);
  return integer(result, major * 10 + minor);
}

Integer GpuQuery::memory_total_mib() {
  MemoryV2 newer{};
  newer.version = kMemoryV2;
  const Return result = ask(api_.memory_info_v2, &newer);
  if (!try_older(result)) return integer(result, newer.total / kMebibyte);
  Memory older{};
  const Return older_result = ask(api_.memory_info, &older);
  return integer(older_result, older.total / kMebibyte);
}

Integer GpuQuery::memory_used_mib() {
  MemoryV2 newer{};
  newer.version = kMemoryV2;
  const Return result = ask(api_.memory_info_v2, &newer);
  if (!try_older(result)) return integer(result, newer.used / kMebibyte);
  Memory older{};
  const Return older_result = ask(api_.memory_info, &older);
  return integer(older_result, older.used / kMebibyte);
}

}  // namespace assay::nvml
