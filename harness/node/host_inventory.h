// What the operating system says of the machine around the GPUs: who made it, its processors and memory, its
// network ports and drives (linux: drivers/firmware/dmi-id.c,
// Documentation/ABI/stable/sysfs-class-infiniband, Documentation/ABI/testing/sysfs-devices-edac,
// drivers/nvme/host/sysfs.c).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/node/host_files.h"

namespace assay {

/// A field that the firmware lacks, that only root may read, or that its maker never filled in, is empty.
struct Chassis {
  std::string vendor, product, product_serial, chassis_serial, board, board_serial, bios_version, bios_date;
  std::string bmc_firmware;
};

struct Processors {
  std::string model;
  int sockets = 0, threads = 0;
};

/// A port of an RDMA device, InfiniBand or Ethernet.
struct NetworkPort {
  std::string device;  // "mlx5_0"
  /// The same of all ports of a card: its system image GUID, or the device where it has none.
  std::string card;
  int port = 1;
  std::string type;        // "MT4129"
  std::string link_layer;  // "InfiniBand", "Ethernet"
  std::string firmware;
  std::string state;           // "ACTIVE"
  std::string physical;        // "LinkUp", "Polling"
  double rate_gbit_per_s = 0;  // of a port that is not up, what it would be at
  /// Since the driver was loaded: "link_downed", "symbol_error", ... Those that the device has.
  std::map<std::string, std::int64_t> counters;
  bool up() const { return state == "ACTIVE"; }
};

struct Drive {
  std::string name, model, serial, firmware, state;  // "nvme0"; state "live"
};

/// A module of the host's memory, with what its controller has counted of it.
struct Dimm {
  std::string label;  // "CPU_SrcID#0_MC#0_Chan#1_DIMM#0"
  std::int64_t mib = 0, corrected = 0, uncorrected = 0;
};

/// Errors that a memory controller of the host has counted since its driver was loaded.
struct MemoryController {
  std::string name;
  std::int64_t corrected = 0, uncorrected = 0;
  std::optional<std::int64_t> mib;  // of memory behind it
  /// By channel and DIMM, as the board's maker labels them.
  std::vector<Dimm> dimms;
};

struct HostInventory {
  Chassis chassis;
  Processors processors;
  std::optional<std::int64_t> memory_mib;
  std::string kernel;
  std::vector<NetworkPort> ports;
  std::vector<Drive> drives;
  /// None: the kernel has no driver for them, or firmware keeps the counts to itself. That is not zero
  /// errors.
  std::vector<MemoryController> memory_controllers;
  /// By PCI address: version of an NVSwitch's firmware, as its driver has it; "N/A" of one that it cannot
  /// read.
  std::map<std::string, std::string> nvswitch_firmware;
};

HostInventory read_host_inventory(const HostFiles& files);

/// Controllers that have less memory behind them than most, or than as many others: a module is missing, or
/// was switched off when the node started.
std::vector<const MemoryController*> short_controllers(const std::vector<MemoryController>& controllers);

/// "mlx5_3 port 1: DOWN, Polling".
std::string text_of(const NetworkPort& port);

}  // namespace assay
