// Compares nothing: says what is in every slot of the SKU, for the judge to hold against the SKU's
// expectations.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "suites/readings.h"

namespace assay {
namespace {

Text hexadecimal(const Integer& reading) {
  if (!reading.value) return Text::none(reading.missing);
  char text[16];
  std::snprintf(text, sizeof(text), "0x%08llx", static_cast<unsigned long long>(*reading.value));
  return Text::of(text);
}

/// Samples that never were for sale have no product's name, as the driver knows none for them.
Integer engineering(const GpuIdentity& gpu) {
  if (!gpu.name.value) return Integer::none(gpu.name.missing);
  const std::string& name = *gpu.name.value;
  const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
  return Integer::of(has("Graphics Device") || has("Engineering") || has(" ES") || has("PG5") ? 1 : 0);
}

void measure_slot(Readings& readings, const Part& part, const GpuIdentity& gpu) {
  constexpr double kWattsPerMilliwatt = 1e-3;
  readings.measure(part, "name", gpu.name);
  readings.measure(part, "pci_device", hexadecimal(gpu.pci_device));
  readings.measure(part, "serial", gpu.serial);
  readings.measure(part, "board_part_number", gpu.board_part_number);
  readings.measure(part, "vbios", gpu.vbios);
  readings.measure(part, "inforom", gpu.inforom_image);
  readings.measure(part, "inforom_valid", gpu.inforom_valid);
  readings.measure(part, "gsp_firmware", gpu.gsp_firmware);
  readings.measure(part, "module_id", gpu.module_id);
  readings.measure(part, "memory_total", gpu.memory_mib, Unit::mebibytes);
  readings.measure(part, "ecc_enabled", gpu.ecc_enabled);
  readings.measure(part, "mig_enabled", gpu.mig_enabled);
  readings.measure(part, "ecc_after_reset", gpu.ecc_after_reset);
  readings.measure(part, "mig_after_reset", gpu.mig_after_reset);
  readings.measure(part, "compute_mode", gpu.compute_mode);
  readings.measure(part, "persistence", gpu.persistence_enabled);
  readings.measure(part, "power_limit", gpu.power_limit_mw, Unit::watts, kWattsPerMilliwatt);
  readings.measure(part, "default_power_limit", gpu.power_default_limit_mw, Unit::watts, kWattsPerMilliwatt);
  readings.measure(part, "max_sm_clock", gpu.max_sm_mhz, Unit::megahertz);
  readings.measure(part, "max_memory_clock", gpu.max_memory_mhz, Unit::megahertz);
  if (gpu.set_sm_mhz.value && gpu.default_sm_mhz.value)
    readings.measure(part, "sm_clock_cut", Integer::of(*gpu.default_sm_mhz.value - *gpu.set_sm_mhz.value),
                     Unit::megahertz);
  readings.measure(part, "engineering_sample", engineering(gpu));
  readings.measure(part, "pcie_max_generation", gpu.pcie_max_generation);
  readings.measure(part, "pcie_max_width", gpu.pcie_max_width);
}

bool in_a_slot(const std::vector<SlotInventory>& slots, const GpuReadings& gpu) {
  return std::any_of(slots.begin(), slots.end(),
                     [&](const SlotInventory& slot) { return slot.found == &gpu; });
}

/// GPUs of the management library that are in no slot.
struct Others {
  std::vector<const GpuReadings*> silent;  // they say nothing of themselves, not even where they are
  int homeless = 0;                        // they answer, but do not say where they are, or not truly
  std::vector<std::string> elsewhere;      // where there is no slot
};

/// Of a GPU that says where it is, and that no slot is: where slots are empty it may be in one of them, since
/// what it says is that of no slot or of another GPU.
Others others_of(const std::vector<SlotInventory>& slots, const NodeReadings& readings,
                 std::size_t empty_slots) {
  Others others;
  const bool by_module = std::any_of(slots.begin(), slots.end(), [](const SlotInventory& slot) {
    return slot.found != nullptr && slot.found->identity.module_id.has_value();
  });
  for (const GpuReadings& gpu : readings.gpus) {
    if (in_a_slot(slots, gpu)) continue;
    const bool placed =
        gpu.identity.pci_address.has_value() && (gpu.identity.module_id.has_value() || !by_module);
    if (placed)
      others.elsewhere.push_back(*gpu.identity.pci_address.value);
    else if (gpu.lost.empty())
      ++others.homeless;
    else
      others.silent.push_back(&gpu);
  }
  if (others.elsewhere.size() <= empty_slots) {
    others.homeless += static_cast<int>(others.elsewhere.size());
    others.elsewhere.clear();
  }
  return others;
}

/// A GPU that the driver lists and does not let anybody ask. Where it says nothing but that, nobody can tell
/// it from one that is not there.
void measure_refused(Context& context, Readings& readings, const Part& part, const std::string& why) {
  constexpr const char* kSaysNothing = "unknown_error";
  if (why == kSaysNothing)
    context.measure_at(part, "present", 0, Unit::count);
  else
    readings.missing(part, "present", why);
}

/// Slots in which nothing was found. What says nothing of where it is, is taken for what they lack where
/// there are as many of the one as of the other, and all say the same. Else nobody knows which is where: what
/// the GPUs say is the node's.
void measure_empty(Context& context, Readings& readings, const std::vector<Part>& empty,
                   const Others& others) {
  std::set<std::string> reasons;
  for (const GpuReadings* gpu : others.silent) reasons.insert(gpu->lost);
  const bool one_each = others.homeless == 0 && others.silent.size() == empty.size() && reasons.size() == 1;
  const bool nobody = others.homeless == 0 && others.silent.empty();
  for (const Part& part : empty) {
    if (nobody)
      context.measure_at(part, "present", 0, Unit::count);
    else if (one_each)
      measure_refused(context, readings, part, *reasons.begin());
    else
      readings.missing(part, "present", "place_unknown");
  }
  if (one_each) return;
  for (const std::string& why : reasons) readings.missing("node", "present", why);
}

/// Other GPUs of the node with the same serial number or UUID: each has its own.
std::int64_t as_many_more(const std::vector<SlotInventory>& slots, const GpuReadings& gpu) {
  return std::count_if(slots.begin(), slots.end(), [&](const SlotInventory& slot) {
    if (slot.found == nullptr || slot.found == &gpu) return false;
    const GpuIdentity &one = gpu.identity, &other = slot.found->identity;
    return (one.serial.value && one.serial.value == other.serial.value) ||
           (one.uuid.value && one.uuid.value == other.uuid.value);
  });
}

void measure_identity(Context& context, Readings& readings, const std::vector<SlotInventory>& slots,
                      const SlotInventory& slot) {
  const GpuIdentity& gpu = slot.found->identity;
  for (const Text* name : {&gpu.serial, &gpu.uuid}) {
    if (!name->value) return readings.missing(slot.part, "repeated_identity", name->missing);
  }
  context.measure_at(slot.part, "repeated_identity", static_cast<double>(as_many_more(slots, *slot.found)),
                     Unit::count);
}

void run(Context& context) {
  const auto slots = context.slots();
  std::vector<Part> empty;
  for (const SlotInventory& slot : slots) {
    if (slot.found == nullptr) empty.push_back(slot.part);
  }
  const Others others = others_of(slots, context.readings(), empty.size());
  Readings readings(context);
  measure_empty(context, readings, empty, others);
  for (const SlotInventory& slot : slots) {
    if (slot.found == nullptr) continue;
    if (slot.found->lost.empty())
      context.measure_at(slot.part, "present", 1, Unit::count);
    else
      measure_refused(context, readings, slot.part, slot.found->lost);
    measure_slot(readings, slot.part, slot.found->identity);
    readings.measure(slot.part, "pcie_width_at_rest", slot.found->state.pcie_width);
    readings.measure(slot.part, "power_brake_at_rest", slot.found->state.power_brake);
    measure_identity(context, readings, slots, slot);
  }
  readings.measure("node", "driver", context.readings().driver_version);
  readings.measure("node", "confidential_compute", context.readings().confidential_compute);
  // What does not say where it is need not be one more: it may be what a slot lacks.
  const std::size_t unplaced = others.silent.size() + static_cast<std::size_t>(others.homeless);
  const std::size_t too_many = unplaced > empty.size() ? unplaced - empty.size() : 0;
  context.measure_at("node", "unexpected_gpus", static_cast<double>(others.elsewhere.size() + too_many),
                     Unit::count);
  if (!others.elsewhere.empty())
    context.measure_at("node", kCulprit, fmt::format("{}", fmt::join(others.elsewhere, ", ")));
  readings.say_what_is_missing();
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
            {"repeated_identity", Unit::count,
             "other GPUs of the node that have its serial number or its UUID", ""},
            {"board_part_number", Unit::text, "board part number", "", false},
            {"vbios", Unit::text, "VBIOS version", ""},
            {"inforom", Unit::text, "version of the InfoROM's image", "", false},
            {.name = "inforom_valid", .meaning = "1: the InfoROM's checksums hold", .may_lack = true},
            {.name = "gsp_firmware",
             .unit = Unit::text,
             .meaning = "version of the firmware of the GPU's system processor, which the driver loads",
             .judged = false,
             .may_lack = true},
            {"module_id", Unit::count, "position on the baseboard", "", false},
            {"memory_total", Unit::mebibytes, "memory size", ""},
            {"ecc_enabled", Unit::count, "1: ECC is on", ""},
            {"mig_enabled", Unit::count, "1: the GPU is partitioned", ""},
            {.name = "ecc_after_reset", .meaning = "1: ECC is on after the next reset", .may_lack = true},
            {.name = "mig_after_reset",
             .meaning = "1: the GPU is partitioned after the next reset",
             .may_lack = true},
            {"compute_mode", Unit::count, "0: default, shared", ""},
            {"persistence", Unit::count, "1: the driver stays loaded while nobody uses it", "", false},
            {"power_limit", Unit::watts, "power limit in force", ""},
            {"default_power_limit", Unit::watts, "power limit that the part comes with", ""},
            {"max_sm_clock", Unit::megahertz, "highest SM clock that the part's firmware allows", ""},
            {"max_memory_clock", Unit::megahertz, "highest memory clock that the part's firmware allows", ""},
            {.name = "sm_clock_cut",
             .unit = Unit::megahertz,
             .meaning = "by how much the SM clock is set below the part's default (applications clocks)",
             .may_lack = true},
            {"engineering_sample", Unit::count, "1: it calls itself as samples do that never were for sale",
             ""},
            {"pcie_max_generation", Unit::count, "highest PCIe generation that GPU and slot can train", ""},
            {"pcie_max_width", Unit::count, "widest PCIe link that GPU and slot can train", ""},
            {"pcie_width_at_rest", Unit::count, "lanes that the PCIe link has now", ""},
            {"power_brake_at_rest", Unit::count, "1: the power brake is asserted while nothing runs", ""},
            {.name = "unexpected_gpus", .meaning = "GPUs that belong to no slot of the SKU", .of = Of::node},
            {.name = "driver",
             .unit = Unit::text,
             .meaning = "version of the driver",
             .judged = false,
             .of = Of::node,
             .may_lack = true},
            {.name = "confidential_compute",
             .meaning = "1: memory and transfers are encrypted",
             .of = Of::node,
             .may_lack = true},
            {.name = kCulprit,
             .unit = Unit::text,
             .meaning = "where they are",
             .judged = false,
             .of = Of::node,
             .may_lack = true},
        },
    .findings = {"inventory.gpu_missing",
                 "inventory.identity_repeated",
                 "inventory.wrong_part",
                 "inventory.memory_size",
                 "inventory.firmware_differs",
                 "inventory.firmware_not_agreed",
                 "environment.driver_not_agreed",
                 "environment.gsp_firmware_not_agreed",
                 "inventory.capped",
                 "inventory.engineering_sample",
                 "inventory.unexpected_gpu",
                 "settings.ecc_off",
                 "settings.mig_on",
                 "settings.compute_mode",
                 "settings.power_limit",
                 "settings.switched_over",
                 "settings.clock",
                 "settings.confidential_compute",
                 "device.inforom_corrupt",
                 "pcie.generation",
                 "pcie.width",
                 "power.brake_at_rest"},
    .run = run,
    .detects = "a slot without a GPU, another part or firmware than the SKU's, settings that somebody "
               "changed, links that cannot "
               "train as they should or lack lanes, a power brake that is asserted without any load",
    .misses = "at which generation links are trained under load, and whether anything works",
}};

}  // namespace
}  // namespace assay
