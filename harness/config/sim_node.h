// A simulated node's file, configs/sim/*.toml: its SKU, what is in it, and the plant file behind it.
#pragma once

#include <string>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/config/plant_fields.h"
#include "harness/model/work.h"

namespace assay::config {

struct SimGpu {
  int module_id = 0;
  std::string pci_address;             // "0000:1b:00.0"
  std::vector<std::string> pci_ports;  // the bridges above it, root port first
  std::string pci_slot;                // what firmware calls the slot; empty: it names none
  int numa_node = -1;                  // that it is near to; -1: nobody says
  double warmer_air_c = 0;             // than that of the coolest slot, as the chassis has it
  std::string serial, uuid, board_part_number, vbios;
};

/// How units behave: fitted to published figures, each with its source in the file. The judge never sees it.
struct PlantFile {
  DeviceSpeed speed;             // of the median unit
  double unit_spread = 0;        // relative standard deviation between units
  double resistance_spread = 0;  // the same of the fast pole's thermal resistance
  double launch_noise = 0;       // relative standard deviation between launches of one unit
  double tensor_full_mhz = 0;
  double ambient_c = 0, fast_resistance_c_per_w = 0, fast_time_constant_s = 0, slow_resistance_c_per_w = 0,
         slow_time_constant_s = 0, hbm_offset_c = 0,
         hbm_extra_c = 0;  // hbm_extra_c: HBM above core at full bandwidth
  Fans fans;
  Leakage leakage;
  double idle_sm_mhz = 0, boost_sm_mhz = 0, memory_mhz = 0;
  double socket_link_bytes_per_s = 0;
};

struct SimNode {
  std::string name, sku;
  std::string path;
  std::string driver_version, nvml_version;
  int cuda_driver_version = 13000;
  int nvswitches = 0;              // that are on PCI
  bool nvswitches_hidden = false;  // GPUs hang on some that a virtual machine was not given
  /// A virtual machine makes up the bridges above what is passed through to it, and how they are trained.
  bool virtual_pci_ports = false;
  std::string gpu_name;
  unsigned pci_device = 0, pci_subsystem = 0;
  double memory_mib = 0;
  int cell_words =
      0;  // 16-byte words of simulated HBM behind each GPU: its own small geometry, odd on purpose
  std::vector<SimGpu> gpus;
  PlantFile plant;
};

SimNode load_sim_node(const std::string& path, Diagnostics& diagnostics);

}  // namespace assay::config
