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
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/node/clock.h"
#include "harness/node/gpu.h"
#include "harness/node/part.h"
#include "harness/node/ranks.h"
#include "harness/node/readings.h"
#include "harness/units.h"

namespace assay {

enum class Scope {
  node,        // one worker, no GPU
  gpu,         // one worker a GPU, all in parallel
  gpu_serial,  // one worker a GPU, one after another
  ranks,       // one worker a GPU, all in parallel, able to meet
};

/// A value that a check promises to emit for each of its parts.
struct Measure {
  std::string name;  // [a-z0-9_]+
  Unit unit = Unit::count;
  std::string meaning;       // what was measured, over what, which statistic
  std::string subcomponent;  // "hbm": the value belongs to gpuN/hbm; empty: to the step's own part
  /// False: recorded for people, needs no limit, and its absence does not make the run incomplete.
  bool judged = true;
  /// Scope node only: one value for the whole node, instead of one for every slot of the SKU.
  bool of_node = false;
};

/// A slot that the SKU says exists, and what was found in it.
struct SlotInventory {
  Part part;                 // gpuN
  const GpuReadings* found;  // null: nothing answers from this slot
};

/// What a check works with. One per step and part; lives in a worker.
class Context {
 public:
  virtual ~Context() = default;

  virtual const Part& part() const = 0;
  /// Scopes gpu, gpu_serial and ranks only; otherwise throws std::logic_error.
  virtual Gpu& gpu() = 0;
  /// Scope ranks only; otherwise throws std::logic_error.
  virtual Ranks& ranks() = 0;
  virtual Clock& clock() = 0;

  /// Taken by the sampler just before this step, so that no check ever waits for a driver.
  virtual const NodeReadings& readings() const = 0;
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
  /// The same for a part named in full: node checks that look at every slot.
  virtual void measure_at(const Part& part, const std::string& name, double value, Unit unit) = 0;
  virtual void measure_at(const Part& part, const std::string& name, const std::string& value) = 0;

  /// Evidence that no single number holds: the first miscompares, a histogram. Kept with the step, shown in
  /// the report.
  virtual void evidence(const std::string& name, const nlohmann::json& content) = 0;
  virtual void log(const std::string& message) = 0;
  /// 0 to 1, for the person who waits.
  virtual void progress(double fraction) = 0;
  /// Bytes straight onto the worker's pipe: for self-tests that break the protocol.
  virtual void send_raw(const std::string& bytes) = 0;
};

struct Check {
  std::string name;  // "memory.sweep": its file is suites/memory/sweep.cpp
  std::string summary;
  Scope scope = Scope::gpu;
  std::vector<Measure> measures;
  std::vector<std::string>
      findings;  // codes it can lead to; class, action and texts are in configs/findings/
  void (*run)(Context&) = nullptr;
  /// Where its device half has been seen to work: "never run on a GPU", or the evidence under
  /// reports/evidence/. Empty for a check that launches nothing.
  std::string device_evidence;
};

/// Declares a check at namespace scope. Touches no device.
struct Registered {
  explicit Registered(Check check);
};

/// All checks of this binary, by name.
const std::vector<Check>& all_checks();
const Check* find_check(std::string_view name);

}  // namespace assay
