// Which step each change of a counter and each kernel event belongs to. The records hold up to where that is
// done (CounterMark), so what happens between the death of a run and its resumption is attributed
// then, and nothing twice.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/model/run.h"
#include "harness/telemetry/attribution.h"
#include "harness/telemetry/sampler.h"

namespace assay::telemetry {

class Ledger {
 public:
  /// A new run.
  Ledger();
  /// One that goes on from the marks of its records. Those of another boot are worth nothing, since counters
  /// and kernel log have begun anew.
  static Ledger of_records(const std::vector<CounterMark>& marks);

  /// The node was booted since the last mark of a GPU: what the counters and the kernel log of the old boot
  /// said after it is lost.
  bool lost_a_boot() const { return lost_a_boot_; }

  /// From where the kernel log must be read so that nothing is missed; nothing for a new run.
  std::optional<std::int64_t> kernel_log_position() const;
  /// Up to where the log had come when the run began; 0 for a new run, and for one of another boot.
  std::int64_t run_began() const { return run_began_; }
  /// Up to where it has been attributed already (SamplerStart::attributed); empty for a new run.
  std::map<std::string, std::int64_t> attributed() const;

  /// Takes in what a snapshot brings: its readings, and the events that are not attributed yet. The first one
  /// says where GPUs without a mark start from.
  void add(Snapshot snapshot);
  /// Events that the sampler only counted, since the last call.
  std::int64_t take_uncounted() { return std::exchange(uncounted_, 0); }
  /// As last added.
  const Snapshot& latest() const { return latest_; }

  /// What happened to a GPU since it was last attributed. The mark is to be written with it.
  struct Attributed {
    StepTelemetry telemetry;
    CounterMark mark;
  };
  Attributed attribute(const Part& gpu, const std::string& pci_address);

  /// Takes out the events that belong to none of these GPUs: NVSwitches, GPUs in no slot.
  std::vector<KernelEvent> take_strays(const std::vector<std::string>& pci_addresses);

  /// An NVLink of a GPU, by the GPU's address; -1 where it is not known which.
  struct LinkOfGpu {
    std::string pci_address;
    int link = -1;
  };
  /// The GPU that was lost before an NVSwitch logged this, and to which the switch's port leads; where nobody
  /// knows where it leads, the only one that was lost. The switch says no more than that, then.
  std::optional<LinkOfGpu> loss_behind(const KernelEvent& nvswitch) const;

  /// One a GPU.
  std::vector<CounterMark> marks() const;

 private:
  bool is_attributed(const KernelEvent& event) const;
  void note_losses();
  void note_wiring();

  std::string boot_;
  std::map<std::string, CounterMark> marks_;  // by PCI address
  std::set<std::string> known_;               // GPUs with a mark of any boot
  std::int64_t run_began_ = 0;
  std::int64_t strays_up_to_ = 0;  // log position: those before it are in the records
  bool resumed_ = false, lost_a_boot_ = false;
  std::int64_t uncounted_ = 0;
  Snapshot latest_;
  std::vector<KernelEvent> pending_;
  std::map<std::string, std::int64_t> lost_at_;                       // by PCI address: position of the log
  std::map<std::pair<std::string, std::int64_t>, LinkOfGpu> wiring_;  // by a switch's address and port
  // By PCI address: why lines about it are missing since it was last attributed.
  std::map<std::string, std::string> log_missing_;
};

}  // namespace assay::telemetry
