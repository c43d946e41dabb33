#include "harness/node_sim/healthy_h200.h"

#include "harness/node_sim/thermal_model.h"

namespace assay::sim {

PlantConstants healthy_h200_plant() {
  constexpr double kIdleC = 29, kLoadedC = 65, kIdleW = 76, kLoadedW = 590, kFastShare = 0.7;
  constexpr double kQuietFans = 1.3, kAtRest = kFastShare + (1 - kFastShare) * kQuietFans;
  constexpr double kResistance = (kLoadedC - kIdleC) / (kLoadedW - kAtRest * kIdleW);
  PlantConstants plant{};
  plant.speed.per_s = {4590e9, 4500e9, 4230e9,  4310e9,  4180e9,       2468e9,      6600e9, 30e12, 827e12,
                       813e12, 450e12, 1640e12, 1866e12, 53e12,        54.9e9,      55.0e9, 396e9, 396e9,
                       396e9,  396e9,  490e9,   359e9,   1 / 0.826e-6, 1 / 1.19e-6, 365e9,  481e9, 3.7e9};
  plant.speed.launch_s = 8e-6;
  plant.speed.transfer_s = 4.5e-6;
  plant.speed.worker_s = 0.12;
  plant.speed.context_s = 0.104;
  plant.speed.allocated_bytes_per_s = 383e9;
  plant.speed.released_bytes_per_s = 2470e9;
  plant.speed.memory_bytes = 143771.0 * (1 << 20);
  plant.speed.reserved_bytes = 615.0 * (1 << 20);
  plant.speed.l2_bytes = 60.0 * (1 << 20);
  plant.speed.collective_start_s = 34e-6;
  plant.speed.collective_fill_s = 62e-6;
  plant.speed.collective_init_s = 2;
  plant.speed.sockets_start_s = 0.02;
  plant.unit_spread = 0.006;
  plant.launch_noise = 0.002;
  plant.speed.power.idle_w = kIdleW;
  plant.speed.power.context_w = 113;
  plant.speed.power.memory_w = 630;
  plant.speed.power.tensor_cores_w = 697;
  plant.speed.power.cores_w = 615;
  plant.speed.power.limit_w = 700;
  plant.speed.power.fp16_draw = 1.04;
  plant.speed.power.tf32_draw = 0.79;
  plant.speed.power.fp8_draw = 1.02;
  plant.speed.power.int8_draw = 0.71;
  plant.speed.power.fp64_draw = 1;
  plant.speed.power.few_bits_draw = 0.57;
  plant.tensor_full_mhz = 1710;
  plant.ambient_c = kIdleC - kIdleW * kAtRest * kResistance;
  plant.fast_resistance_c_per_w = kFastShare * kResistance;
  plant.fast_time_constant_s = 0.4;
  plant.slow_resistance_c_per_w = (1 - kFastShare) * kResistance;
  plant.slow_time_constant_s = 90;
  plant.hbm_offset_c = -4;
  plant.hbm_extra_c = 16;
  plant.fans = {kQuietFans, 0.95, 55, 84, 8, 10};
  plant.leakage = {0.1, kLoadedC, 30};
  plant.idle_sm_mhz = 345;
  plant.boost_sm_mhz = 1980;
  plant.memory_mhz = 3201;
  plant.socket_link_bytes_per_s = 101e9;
  return plant;
}

void make_healthy_h200(GpuConstants& constants) {
  set_text(constants.name, "NVIDIA H200");
  set_text(constants.board_part_number, "695-2G520-0280-000");
  set_text(constants.vbios, "96.00.A5.00.03");
  set_text(constants.inforom_image, "G520.0280.02.02");  // seen on H200 SXM
  constants.pci_device = 0x233510de;
  constants.pci_subsystem = 0x18be10de;
  constants.memory_bytes = 143771LL << 20;  // nvidia-smi's 143771 MiB
  constants.bandwidth_factor = 1;
  constants.numa_node = -1;
}

void make_healthy(GpuDynamic& dynamic, const PlantConstants& plant, Nanoseconds time, bool nvlinks,
                  double idle_excess_w) {
  constexpr double kMilliwattsPerWatt = 1000;
  dynamic.present = 1;
  dynamic.ecc_enabled = dynamic.persistence_enabled = 1;
  dynamic.power_limit_mw = static_cast<std::int32_t>(plant.speed.power.limit_w * kMilliwattsPerWatt);
  dynamic.pcie_generation = dynamic.pcie_max_generation = kHealthyPcieGeneration;
  dynamic.pcie_width = dynamic.pcie_max_width = kHealthyPcieWidth;
  for (Nvlink& link : dynamic.nvlinks) link.active = nvlinks ? 1 : 0;
  dynamic.heat.time = dynamic.heat.fans_set = time;
  dynamic.idle_excess_w = idle_excess_w;
  dynamic.heat.fast_rise_c = (plant.speed.power.idle_w + idle_excess_w) * plant.fast_resistance_c_per_w;
  dynamic.heat.slow_rise_c = (plant.speed.power.idle_w + idle_excess_w) * plant.slow_resistance_c_per_w *
                             plant.fans.quiet_resistance;
  dynamic.heat.leaked =
      leaked_excess(plant.leakage, plant.ambient_c + dynamic.heat.fast_rise_c + dynamic.heat.slow_rise_c);
}

}  // namespace assay::sim
