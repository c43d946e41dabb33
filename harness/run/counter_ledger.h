// What the sampler saw, written to the steps during which it happened.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/node/backend.h"
#include "harness/run/sampler_client.h"
#include "harness/run/step_journal.h"
#include "harness/telemetry/ledger.h"

namespace assay::run {

class CounterLedger {
 public:
  /// `ledger` is where the counters' deltas start from.
  CounterLedger(SamplerClient& sampler, NodeSession& node, StepJournal& journal, const Plan& plan,
                telemetry::Ledger ledger);

  /// Takes a fresh one. False when the sampler is lost.
  bool snapshot();
  const NodeReadings& readings() const { return ledger_.latest().readings; }
  bool lost() const { return !sampler_.alive(); }
  /// Of the GPU at this PCI address, as SamplerClient has it.
  std::optional<double> mean_power_w(const std::string& pci_address, Nanoseconds until) {
    return sampler_.mean_power_w(pci_address, until);
  }
  /// Why these steps know nothing of their GPUs.
  Error loss() const;

  /// What has happened to these GPUs up to the last snapshot is this step's.
  void attribute(OpenStep& step, const std::vector<Part>& gpus);
  /// Kernel events that belong to no planned GPU - NVSwitches, the host, GPUs in no slot - are the run's.
  void record_strays();

 private:
  void record_nvswitch(const KernelEvent& event);
  void record_other_gpu(const KernelEvent& event);
  void record_pcie(const KernelEvent& event);
  void record_host(const KernelEvent& event);

  SamplerClient& sampler_;
  NodeSession& node_;
  StepJournal& journal_;
  const Plan& plan_;
  telemetry::Ledger ledger_;
  /// Bridges above planned GPUs, as they were when the run began: an error may take them off the bus.
  std::map<std::string, Part> bridges_;
};

}  // namespace assay::run
