// The only header that a suite includes: what a check declares, and what it gets to work with.
//
// A check is one file, suites/<suite>/<check>.cpp, with its declaration at the bottom:
//
//   const Registered memory_bandwidth{{
//       .name = "memory.bandwidth",
//       .summary = "HBM3e sustains its rated copy, read, write and triad bandwidth",
//       .scope = Scope::gpu,
//       .measures = {{"copy_bandwidth", Unit::gb_per_s, "bytes read plus written over device time, median of
//       20", "hbm"}}, .findings = {"memory.slow"}, .run = run,
//   }};
//
// A check emits values with units. It never judges them, opens no management library and keeps no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/model/declaration.h"
#include "harness/model/part.h"
#include "harness/model/plan.h"
#include "harness/model/readings.h"
#include "harness/node/bmc_status.h"
#include "harness/node/clock.h"
#include "harness/node/cublaslt_client.h"
#include "harness/node/gpu.h"
#include "harness/node/host.h"
#include "harness/node/host_inventory.h"
#include "harness/node/nccl_choices.h"
#include "harness/node/nccl_client.h"
#include "harness/node/nccl_ras.h"
#include "harness/node/nccl_settings.h"
#include "harness/node/numa.h"
#include "harness/node/pci_tree.h"
#include "harness/node/peer_path.h"
#include "harness/node/ranks.h"
#include "harness/registry.h"

namespace assay {

/// A slot that the SKU says exists, and what was found in it.
struct SlotInventory {
  Part part;                 // gpuN
  const GpuReadings* found;  // null: nothing answers from this slot
};

inline constexpr std::uint64_t kMostAttachmentBytes = 64 << 20;

/// What a check works with. One per step and part; lives in a worker.
class Context {
 public:
  virtual ~Context() = default;

  virtual const Part& part() const = 0;
  /// Of those that the check declares; empty where it declares none.
  virtual const std::string& variant() const = 0;
  /// GPUs that it works on: none in scope node, both in scope pair, those of the node in scopes all_gpus and
  /// all_pairs, else one.
  virtual int devices() const = 0;
  /// Throws std::logic_error where there is none. Where checks overlap on a GPU, the memory that it offers is
  /// this check's share.
  virtual Gpu& gpu(int device = 0) = 0;
  virtual const Part& slot_of(int device) const = 0;
  /// "0000:19:00.0"
  virtual const std::string& pci_address_of(int device) const = 0;
  /// What its operating system says (pci::Tree reads PCI devices from it), and its memory.
  virtual Host& host() = 0;
  /// Opened when it is first asked for. Throws DeviceError of codes::library_missing.
  virtual const CublasLt& cublaslt() = 0;
  /// The same of NCCL.
  virtual const Nccl& nccl() = 0;
  /// The workers of this placement, which can meet. Of scopes other than ranks, it is alone.
  virtual Ranks& ranks() = 0;
  /// The first half of a check's work is done: returns when the stages that the profile lets it stay for have
  /// run, at once where there are none. What it has allocated stays. It is not to be at work meanwhile.
  virtual void stay() = 0;
  /// What an earlier attempt at this, which was killed with the run, had left as evidence kBegun: what it
  /// found before it stayed. Null where there was none.
  virtual const nlohmann::json& begun() const = 0;
  virtual Clock& clock() = 0;

  /// Taken by the sampler just before this step, so that no check ever waits for a driver.
  virtual const NodeReadings& readings() const = 0;
  /// Has the sampler take new ones. Only a check of scope node may ask; the older ones are gone.
  virtual const NodeReadings& look_again() = 0;
  /// What the context's only GPU drew, in watts: mean of the last second as the sampler saw it. Nothing where
  /// nobody knows. Of checks that overlap only the first may ask.
  virtual std::optional<double> power_w() = 0;
  /// How long NVLinks that are not up are looked at again before that counts, and how often (the SKU's).
  virtual const Settling& settling() const = 0;
  /// The SKU's slots, in order, with what was found. Points into readings().
  virtual std::vector<SlotInventory> slots() const = 0;

  /// A function of the run's seed, the step and the part: the same run gives the same data.
  virtual std::uint64_t seed() const = 0;
  /// How long the profile wants this check to work, in seconds; at least once through whatever it says.
  virtual double duration_s() const = 0;

  /// Emits a value of the step's own part, or of its subcomponent where the measure declares one. The unit is
  /// stated again here, so that a slip shows.
  virtual void measure(const std::string& name, double value, Unit unit) = 0;
  virtual void measure(const std::string& name, const std::string& value) = 0;  // Unit::text
  /// The same for a part named in full: node checks that look at every slot, measures whose subcomponent is
  /// numbered.
  virtual void measure_at(const Part& part, const std::string& name, double value, Unit unit) = 0;
  virtual void measure_at(const Part& part, const std::string& name, const std::string& value) = 0;

  /// Says at once what is to be thrown, which may not come to be: what the check has to let go of before may
  /// hang. Thrown afterwards, it is not said again.
  virtual void say_before_throwing(const DeviceError& error) = 0;

  /// Evidence that no single number holds: the first miscompares, a histogram. Kept with the step, shown in
  /// the report.
  virtual void evidence(const std::string& name, const nlohmann::json& content) = 0;
  /// A file, for what is larger than a message can be (4 MiB): it is copied into the run's folder, named in
  /// the records, and covered by the run's checksums. `name` is for people; `type` its media type. Throws
  /// std::runtime_error for a file that cannot be read or is larger than kMostAttachmentBytes.
  virtual void attach(const std::string& name, const std::string& type, const std::string& path) = 0;
  /// The same of a text that no file holds yet.
  virtual void attach_text(const std::string& name, const std::string& type, const std::string& text) = 0;
  virtual void log(const std::string& message) = 0;
  /// 0 to 1, for the person who waits.
  virtual void progress(double fraction) = 0;
  /// Bytes straight onto the worker's pipe: for self-tests that break the protocol.
  virtual void send_raw(const std::string& bytes) = 0;
};

}  // namespace assay
