// The simulated node's state: one plain struct in a memory-mapped file, shared by the supervisor, the
// workers, the sampler and the stand-in NVML library. Plain data only: any process may die at any
// instruction.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "harness/config/plant_fields.h"
#include "harness/config/sim_fields.h"
#include "harness/model/work.h"
#include "harness/node/clock.h"

namespace assay::sim {

inline constexpr int kMaxGpus = config::kMostSimGpus;
/// The supervisor, a seat a GPU for the sampler, and one for each body of each worker.
inline constexpr int kMaxParticipants = 128;
inline constexpr int kMaxFaults = config::kMostSimFaults;
inline constexpr int kMaxFaultParameters = 12;
inline constexpr int kMaxFaultTexts = 3;
inline constexpr int kMaxProcesses = 8;
inline constexpr int kMaxAllocations = 64;
inline constexpr int kNvlinks = 18;
inline constexpr int kMaxPciPorts = kMaxGpus * static_cast<int>(config::kMostPciPortsAbove);
inline constexpr std::uint32_t kStateVersion = 14;

/// One who waits on the virtual clock (virtual_clock.h).
struct Participant {
  enum Status : std::int32_t { free = 0, running = 1, waiting = 2, parked = 3 };
  std::int32_t status;  // changed under the clock's mutex; the futex word that it sleeps on while waiting
  std::int32_t interrupted;
  std::int64_t wake;  // while waiting
};

struct ClockState {
  pthread_mutex_t mutex;  // robust, process-shared
  std::int64_t now;       // Nanoseconds
  double time_scale;      // virtual seconds per real second, to pace a display; 0: as fast as it goes
  std::int64_t reached;   // paced: the real time (CLOCK_MONOTONIC, ns) at which it became `now`
  Participant participants[kMaxParticipants];
};

/// The plant's constants (configs/sim/plant-*.toml), see config/sim_node.h.
struct PlantConstants {
  DeviceSpeed speed;  // of the median unit
  double unit_spread, launch_noise;
  double tensor_full_mhz;  // the clock that the limit leaves the tensor cores, at which they draw that
  double ambient_c, fast_resistance_c_per_w, fast_time_constant_s, slow_resistance_c_per_w,
      slow_time_constant_s;
  double hbm_offset_c, hbm_extra_c;
  config::Fans fans;
  config::Leakage leakage;
  double idle_sm_mhz, boost_sm_mhz, memory_mhz;
  double socket_link_bytes_per_s;  // one way, between the memory of a NUMA node and what hangs on another
};

/// What a PCIe device has counted since it was found; the kernel's names are in simulated_sysfs.cpp.
struct PcieErrors {
  std::int64_t receiver, bad_tlp, bad_dllp, nonfatal, fatal;
  std::int64_t naks_received, naks_sent, rollovers, recoveries;  // that only a GPU's driver tells
};

/// A bridge above GPUs: a root port, or a port of a switch.
struct PciPort {
  char address[16];    // "0000:15:01.0"
  std::int32_t above;  // number of the port above it (State::pci_port); 0: it is a root port
  /// A switch's port towards the root: the link above it is trained so. Of other ports the link is the one
  /// below, whose other end has it.
  std::int32_t towards_root;
  std::int32_t generation, width, max_generation, max_width;
  double rate_lost;  // 0 to 1: of what the link above it should carry
  PcieErrors errors;
};

struct GpuConstants {
  char name[config::kGpuNameSize], uuid[config::kUuidSize], serial[config::kSerialSize],
      board_part_number[config::kBoardPartNumberSize], vbios[config::kVbiosSize], inforom_image[32];
  char pci_address[32];  // "0000:1b:00.0"
  std::int32_t module_id;
  std::int32_t slot;  // chassis slot: what "gpuN" means; fixed by the module id
  std::uint32_t pci_device, pci_subsystem;
  std::int32_t pci_port;  // number of the port above it (State::pci_port); 0: none
  char pci_slot[config::kPciSlotSize];
  std::int32_t numa_node;  // -1: nobody says
  std::int64_t memory_bytes;
  std::int64_t cell_words;  // 16-byte words of simulated HBM
  double bandwidth_factor;  // this unit's place in the spread between units
};

/// By resource, in millionths of what the GPU has of it; the last is what the tensor cores draw at their
/// clock, of what products of random bf16 draw.
using Loads = std::array<std::int64_t, kResources + 1>;
inline constexpr std::size_t kTensorDraw = kResources;

struct GpuProcess {
  std::int32_t pid;       // 0: none
  std::int32_t contexts;  // of a worker of ours; 0: the process is foreign, or was killed
  std::int64_t memory_bytes;
  Loads loads;                // what its work uses now
  std::int64_t listed_until;  // it was killed: from this time on it is gone; 0: it lives
};

/// Device memory that a worker of ours has allocated (device_memory.h).
struct DeviceAllocation {
  std::int32_t pid;          // 0: none
  std::uint64_t begin, end;  // bytes, as the GPU counts them
};

struct Nvlink {
  std::int32_t active;
  std::int64_t up_at;  // it trains until then (Nanoseconds)
  std::int64_t replay, recovery, crc;
  std::int64_t sent_bytes, received_bytes;
};

/// What may hold a clock down (clock_governor.h).
enum class HeldBy { power_cap, software_thermal, hardware_thermal, power_brake };
inline constexpr std::size_t kHeldBy = 4;

/// What a GPU's load has made of it, up to a moment.
struct GpuHeat {
  std::int64_t time;
  double fast_rise_c, slow_rise_c;  // of the two poles, above the air
  double energy_j;
  double clock_cut;               // of the full clock, what slowing down for heat takes: 0 to 1
  std::int32_t overheated;        // the hardware slows it down until it has cooled
  double leaked;                  // of what work draws, over what leaks at the temperature of its figures
  std::int32_t fans;              // 0: quiet, 1: as under load, 2: at full speed
  std::int64_t fans_set;          // when they were set last
  std::int64_t held_ns[kHeldBy];  // for how long each has held the clock down
};

/// How a GPU's work has come and gone (power_steps.h).
struct PowerSteps {
  std::int64_t idle_since;  // nothing works since then; 0: something does
  std::int64_t risen;       // when it last came from rest to work
  std::int64_t rested_ns;   // for how long it had rested then, with a context held
  std::int64_t period_ns;   // between the last two such times
  std::int32_t alike;       // how many in a row came after about the same period
};

/// A supply that cannot follow loads which swing in some rhythm.
struct SaggingSupply {
  double shortest_s, longest_s;  // periods of such swings; 0: it can
  double brake_s;                // for so long it has all GPUs braked then
};

/// What changes. Guarded by State::mutex, except where a single reader or writer is said.
struct GpuDynamic {
  std::int32_t present;  // 0: fell off, or was never there
  GpuHeat heat;
  Loads loads;  // in use since heat.time, by all work together
  PowerSteps steps;
  std::int32_t contexts;
  // What is wrong with its cooling, 0 where nothing is: of its fast pole's resistance, how much more; how
  // much warmer its air, and its memory at full load.
  double resistance_excess, inlet_excess_c, hbm_excess_c;
  double clock_held_mhz;                 // its clock goes no higher, and nothing says why; 0: it does
  double idle_excess_w;                  // at rest, over what the plant says
  double power_excess;                   // of what its work draws, how much more than others' draws
  std::int64_t brake_from, brake_until;  // its power brake is asserted from then until then
  std::int64_t ecc_corrected_dram, ecc_uncorrected_dram;  // volatile, since the driver was loaded
  std::int64_t ecc_corrected_dram_aggregate, ecc_uncorrected_dram_aggregate;
  std::int64_t ecc_corrected_sram, ecc_uncorrected_sram;  // volatile
  std::int64_t ecc_uncorrected_sram_before;               // in the card's life, before the driver was loaded
  std::int64_t remapped_corrected, remapped_uncorrected;
  std::int32_t remap_pending, remap_failure, recovery_action;
  std::int32_t banks_with_few_rows, banks_without_rows;  // spare ones
  std::int32_t channel_repair_pending, tpc_repair_pending;
  std::int64_t pcie_replay;
  PcieErrors pcie_errors;
  std::int64_t pcie_received_bytes, pcie_sent_bytes;
  Nvlink nvlinks[kNvlinks];
  std::int32_t peer_access_lost;   // a link was down when the driver started: no peer is let reach it
  std::int64_t memory_used_bytes;  // ours and others'
  std::int64_t memory_held_bytes;  // of that, held by no process at all: a driver that leaks
  double foreign_utilisation;      // 0 to 1: work that is not ours
  // Settings and trained links: what a person or a bad seat has changed.
  std::int32_t ecc_enabled, mig_enabled, compute_mode, persistence_enabled;
  std::int32_t ecc_changes_with_reset;  // somebody has switched it over, and not reset the GPU
  std::int32_t set_sm_mhz;              // applications clocks; 0: the greatest
  std::int32_t power_limit_mw;          // enforced; the default limit is DevicePower::limit_w
  std::int32_t pcie_generation, pcie_width, pcie_max_generation, pcie_max_width;
  std::int32_t sram_threshold_exceeded;
  GpuProcess processes[kMaxProcesses];
  DeviceAllocation allocations[kMaxAllocations];
};

struct FaultState {
  char kind[48];                 // faults/ has the kinds
  std::int32_t slot;             // -1: it is in no GPU
  std::int32_t nvswitch;         // that it is in; -1: in none
  std::uint32_t calls;           // how often it could have acted so far, where that is counted
  std::uint32_t without_effect;  // how often it could not: the answer is of another kind than what is planted
  struct {
    char name[32];
    double value;
  } parameters[kMaxFaultParameters];
  struct {
    char name[32];
    char value[config::kLongestFaultText + 1];
  } texts[kMaxFaultTexts];
};

struct State {
  char magic[8];  // "ASSAYSIM"
  std::uint32_t version, size;
  std::uint64_t seed;
  char driver_version[config::kDriverVersionSize], nvml_version[config::kDriverVersionSize];
  char kernel_log_path[PATH_MAX];  // the node's kernel log: lines as /dev/kmsg would give them
  std::int32_t cuda_driver_version, nvswitches, gpu_count, fault_count;
  std::int32_t pci_port_count, virtual_pci_ports;
  std::int32_t nvswitches_hidden;  // GPUs hang on some that are not on PCI
  /// What the driver says of the way over the switches (nvmlGpuFabricInfoV_t: 3 is completed; 0 success); and
  /// whether CUDA refuses to start, since it is not ready (802).
  std::int32_t fabric_state, fabric_status, cuda_not_ready;
  std::int32_t fabric_health;  // nvmlGpuFabricInfo_v3_t::healthSummary: 0 not said, as on real HGX boards
  std::int32_t confidential_compute;
  std::int32_t acs_redirects, iommu_translates;  // between GPUs and what is beside them on PCIe
  std::int64_t port_fails_at;  // a network port loses its link then, and comes back; 0: none
  double socket_link_lost;     // 0 to 1, of its rate
  double nvswitches_lost;      // 0 to 1, of the rate of all ways over them
  double host_memory_lost;     // 0 to 1, of that of the last NUMA node
  double inlet_excess_c;       // how much warmer the air is that the node takes in
  SaggingSupply supply;
  std::int32_t multicast_lost;      // the switches send to all and add up no more
  std::int32_t nccl_heeds_nothing;  // that its environment tells it
  PciPort pci_ports[kMaxPciPorts];
  ClockState clock;
  PlantConstants plant;
  pthread_mutex_t mutex;      // robust, process-shared; never taken while holding clock.mutex
  std::uint64_t memory_base;  // where the simulated device memory is mapped, in all processes; 0: not yet
  GpuConstants constants[kMaxGpus];
  GpuDynamic dynamic[kMaxGpus];
  FaultState faults[kMaxFaults];

  /// NUMA nodes that GPUs are near to, from 0 to the greatest; 0 where nobody says.
  int numa_nodes() const {
    int last = -1;
    for (int i = 0; i < gpu_count; ++i) last = std::max(last, constants[i].numa_node);
    return last + 1;
  }
  bool has_fabric() const { return nvswitches > 0 || nvswitches_hidden != 0; }

  /// Numbers of ports are from 1; null for 0.
  const PciPort* pci_port(std::int32_t number) const { return number > 0 ? &pci_ports[number - 1] : nullptr; }
  PciPort* pci_port(std::int32_t number) { return number > 0 ? &pci_ports[number - 1] : nullptr; }
};

/// A mapping of the state file.
class SharedState {
 public:
  /// Makes the file, zeroed, with its mutexes. Throws std::runtime_error.
  static SharedState create(const std::string& path);
  /// Maps an existing one; throws std::runtime_error when it is none of ours.
  static SharedState attach(const std::string& path);
  /// A private one, for a foreign program that loads the library without a run.
  static SharedState anonymous();

  State* operator->() const { return state_.get(); }
  State& operator*() const { return *state_; }
  /// Of its file; empty for a private one.
  const std::string& path() const { return path_; }

 private:
  SharedState(State* state, std::string path);
  std::shared_ptr<State> state_;
  std::string path_;
};

/// Holds a robust mutex; a holder that died left plain data behind, which is taken as it is.
class Lock {
 public:
  explicit Lock(pthread_mutex_t& mutex);
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  pthread_mutex_t& mutex_;
};

/// Copies a text into a field of the state. Throws std::invalid_argument when it does not fit.
template <std::size_t N>
void set_text(char (&field)[N], const std::string& text) {
  if (text.size() >= N)
    throw std::invalid_argument("'" + text + "' is longer than " + std::to_string(N - 1) + " bytes");
  std::copy(text.begin(), text.end(), field);
  field[text.size()] = '\0';
}

/// The fault's parameter, or `fallback`.
double fault_parameter(const FaultState& fault, const char* name, double fallback);

/// The same of a parameter that is text; empty where there is none.
std::string_view fault_text(const FaultState& fault, const char* name);

/// Of faults that are in no GPU.
inline constexpr int kNoSlot = -1;

/// The first fault of this kind planted in this slot, or null.
const FaultState* find_fault(const State& state, const char* kind, int slot);

/// Index into constants/dynamic of the GPU in a chassis slot, or -1.
int gpu_index_of_slot(const State& state, int slot);

}  // namespace assay::sim
