// Compares nothing: says what is in every slot of the SKU, for the judge to hold against the SKU's
// expectations.
#include <cstdio>

#include "harness/check.h"

namespace assay {
namespace {

void measure_integer(Context& context, const Part& part, const char* name, const Integer& reading, Unit unit,
                     double scale = 1) {
  if (reading.value) context.measure_at(part, name, static_cast<double>(*reading.value) * scale, unit);
}

void measure_text(Context& context, const Part& part, const char* name, const Text& reading) {
  if (reading.value) context.measure_at(part, name, *reading.value);
}

Text hexadecimal(const Integer& reading) {
  if (!reading.value) return Text::none(reading.missing);
  char text[16];
  std::snprintf(text, sizeof(text), "0x%08llx", static_cast<unsigned long long>(*reading.value));
  return Text::of(text);
}

void measure_slot(Context& context, const Part& part, const GpuIdentity& gpu) {
  constexpr double kWattsPerMilliwatt = 1e-3;
  measure_text(context, part, "name", gpu.name);
  measure_text(context, part, "pci_device", hexadecimal(gpu.pci_device));
  measure_text(context, part, "serial", gpu.serial);
  measure_text(context, part, "board_part_number", gpu.board_part_number);
  measure_text(context, part, "vbios", gpu.vbios);
  measure_integer(context, part, "module_id", gpu.module_id, Unit::count);
  measure_integer(context, part, "memory_total", gpu.memory_mib, Unit::mebibytes);
  measure_integer(context, part, "ecc_enabled", gpu.ecc_enabled, Unit::count);
  measure_integer(context, part, "mig_enabled", gpu.mig_enabled, Unit::count);
  measure_integer(context, part, "compute_mode", gpu.compute_mode, Unit::count);
  measure_integer(context, part, "power_limit", gpu.power_limit_mw, Unit::watts, kWattsPerMilliwatt);
  measure_integer(context, part, "pcie_max_generation", gpu.pcie_max_generation, Unit::count);
  measure_integer(context, part, "pcie_max_width", gpu.pcie_max_width, Unit::count);
}

bool in_a_slot(const std::vector<SlotInventory>& slots, const GpuReadings& gpu) {
  for (const SlotInventory& slot : slots) {
    if (slot.found == &gpu) return true;
  }
  return false;
}

void run(Context& context) {
  const auto slots = context.slots();
  for (const SlotInventory& slot : slots) {
    const bool answers = slot.found != nullptr && slot.found->lost.empty();
    context.measure_at(slot.part, "present", answers ? 1 : 0, Unit::count);
    if (slot.found != nullptr) measure_slot(context, slot.part, slot.found->identity);
  }
  int unexpected = 0;
  for (const GpuReadings& gpu : context.readings().gpus) unexpected += in_a_slot(slots, gpu) ? 0 : 1;
  context.measure_at("node", "unexpected_gpus", unexpected, Unit::count);
}

const Registered inventory_gpus{{
    .name = "inventory.gpus",
    .summary = "Every slot of the SKU holds the GPU that it should, with the settings that it should have",
    .scope = Scope::node,
    .measures =
        {
            {"present", Unit::count, "1: a GPU answers from this slot", ""},
            {"name", Unit::text, "product name", ""},
            {"pci_device", Unit::text, "PCI device and vendor id", ""},
            {"serial", Unit::text, "serial number", "", false},
            {"board_part_number", Unit::text, "board part number", "", false},
            {"vbios", Unit::text, "VBIOS version", ""},
            {"module_id", Unit::count, "position on the baseboard", "", false},
            {"memory_total", Unit::mebibytes, "memory size", ""},
            {"ecc_enabled", Unit::count, "1: ECC is on", ""},
            {"mig_enabled", Unit::count, "1: the GPU is partitioned", ""},
            {"compute_mode", Unit::count, "0: default, shared", ""},
            {"power_limit", Unit::watts, "power limit in force", ""},
            {"pcie_max_generation", Unit::count, "highest PCIe generation that GPU and slot can train", ""},
            {"pcie_max_width", Unit::count, "widest PCIe link that GPU and slot can train", ""},
            {.name = "unexpected_gpus", .meaning = "GPUs that belong to no slot of the SKU", .of = Of::node},
        },
    .findings = {"inventory.gpu_missing", "inventory.wrong_part", "inventory.memory_size",
                 "inventory.firmware_differs", "inventory.unexpected_gpu", "settings.ecc_off",
                 "settings.mig_on", "settings.compute_mode", "settings.power_limit", "pcie.generation",
                 "pcie.width"},
    .run = run,
    .detects = "a slot without a GPU, another part or firmware than the SKU's, settings that somebody "
               "changed, links that cannot "
               "train as they should",
    .misses = "how the links are trained under load, and whether anything works",
}};

}  // namespace
}  // namespace assay
