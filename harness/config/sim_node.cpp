#include "harness/config/sim_node.h"

#include <fmt/format.h>

#include <filesystem>

#include "harness/config/paths.h"
#include "harness/config/plant_file.h"
#include "harness/config/reader.h"
#include "harness/config/sim_fields.h"
#include "harness/model/pci_address.h"
#include "harness/model/plan.h"

namespace assay::config {
namespace {

// The simulated node's own geometry; a fault's stride and the sweep's pages need room, and a run must stay
// short.
constexpr int kFewestCellWords = 1024;
constexpr double kMostMemoryMib = 1 << 24;  // far beyond any card, and its bytes are countable
constexpr std::int64_t kAnyPciId = 0xffffffff;
constexpr int kHighestNumaNode = 7;

void check_unique(Table& table, const std::vector<SimGpu>& earlier, const SimGpu& gpu) {
  const auto same = [&](const char* key, const auto& mine, const auto& theirs) {
    if (mine == theirs)
      table.error(key, fmt::format("another GPU of the file has the {} '{}' already", key, mine));
  };
  for (const SimGpu& other : earlier) {
    same("module_id", gpu.module_id, other.module_id);
    same("pci_address", gpu.pci_address, other.pci_address);
    same("serial", gpu.serial, other.serial);
    same("uuid", gpu.uuid, other.uuid);
  }
}

void require_address(Table& table, const Position& where, const std::string& address) {
  if (address.empty() || is_pci_address(address)) return;
  table.error(where, fmt::format("'{}' is no PCI address in lower case, such as \"0000:1b:00.0\"", address));
}

void read_place(Table& table, SimGpu& gpu) {
  gpu.pci_address = table.text("pci_address");
  require_address(table, table.position_of("pci_address"), gpu.pci_address);
  for (const Entry& port : table.texts("pci_ports")) {
    require_address(table, port.position, port.value);
    gpu.pci_ports.push_back(port.value);
  }
  if (gpu.pci_ports.size() > kMostPciPortsAbove)
    table.error("pci_ports", fmt::format("at most {} ports above a GPU, not {}", kMostPciPortsAbove,
                                         gpu.pci_ports.size()));
  if (table.has("pci_slot")) gpu.pci_slot = table.short_text("pci_slot", kPciSlotSize);
  if (table.has("warmer_air")) gpu.warmer_air_c = table.quantity("warmer_air", Unit::celsius);
  gpu.numa_node = static_cast<int>(table.optional_integer("numa_node", -1, kHighestNumaNode).value_or(-1));
}

SimGpu read_gpu(Table& table) {
  SimGpu gpu;
  gpu.module_id = static_cast<int>(table.integer("module_id", 0, kHighestModuleId));
  read_place(table, gpu);
  gpu.serial = table.short_text("serial", kSerialSize);
  gpu.uuid = table.short_text("uuid", kUuidSize);
  gpu.board_part_number = table.short_text("board_part_number", kBoardPartNumberSize);
  gpu.vbios = table.short_text("vbios", kVbiosSize);
  return gpu;
}

}  // namespace

SimNode load_sim_node(const std::string& path, Diagnostics& diagnostics) {
  SimNode node;
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return node;
  if (is_plant(file.stem())) {
    file.error({}, "this is a plant, which nodes are made of, and no node");
    return node;
  }
  Table root = file.root();
  node.name = file.stem();
  node.path = path;
  node.sku = root.name_in("sku", "SKU", names("skus"));
  node.driver_version = root.short_text("driver_version", kDriverVersionSize);
  node.nvml_version = root.short_text("nvml_version", kDriverVersionSize);
  node.cuda_driver_version = static_cast<int>(root.integer("cuda_driver_version", 1000, 99999));
  node.nvswitches = static_cast<int>(root.integer("nvswitches", 0, kMostSimSwitches));
  if (root.has("nvswitches_hidden")) node.nvswitches_hidden = root.flag("nvswitches_hidden");
  if (root.has("virtual_pci_ports")) node.virtual_pci_ports = root.flag("virtual_pci_ports");
  node.gpu_name = root.short_text("gpu_name", kGpuNameSize);
  node.pci_device = static_cast<unsigned>(root.integer("pci_device", 0, kAnyPciId));
  node.pci_subsystem = static_cast<unsigned>(root.integer("pci_subsystem", 0, kAnyPciId));
  node.memory_mib = root.quantity("memory", Unit::mebibytes);
  if (root.has("memory") && node.memory_mib <= 0) root.error("memory", "'memory' must be above 0 MiB");
  if (node.memory_mib > kMostMemoryMib)
    root.error("memory", fmt::format("'memory' must be at most {} MiB", kMostMemoryMib));
  node.cell_words = static_cast<int>(root.integer("cell_words", kFewestCellWords, kMostCellWords));
  for (Table& table : root.tables("gpus")) {
    SimGpu gpu = read_gpu(table);
    check_unique(table, node.gpus, gpu);
    node.gpus.push_back(std::move(gpu));
  }
  if (node.gpus.empty() || node.gpus.size() > kMostSimGpus) {
    root.error("gpus",
               fmt::format("a simulated node has 1 to {} [[gpus]], not {}", kMostSimGpus, node.gpus.size()));
  }
  const std::string plant = root.text("plant");
  if (!plant.empty()) {
    node.plant = load_plant_file((std::filesystem::path(file.folder()) / plant).string(), diagnostics);
  }
  return node;
}

}  // namespace assay::config
