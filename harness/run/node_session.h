// The node that a run works on, as the supervisor holds it: real, or simulated with its shared state and
// clock seats.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/node/clock.h"
#include "harness/node_sim/build_state.h"
#include "harness/run/run_folder.h"
#include "harness/run/worker.h"
#include "harness/telemetry/sampler.h"

namespace assay::run {

/// The supervisor's own part in virtual time: on a real node all of it does nothing.
class NodeSession {
 public:
  virtual ~NodeSession() = default;
  virtual bool simulated() const = 0;
  virtual Clock& clock() = 0;
  virtual telemetry::SamplerStart sampler_start() = 0;
  virtual NodeAddress new_worker_address() = 0;
  /// The worker's process is gone: it does not hold time back any longer, nor its GPU (as the driver sees to
  /// on a real node).
  virtual void worker_gone(const NodeAddress&, const Part&) {}
  virtual void sampler_gone() {}
  /// The worker waits for others, not for time.
  virtual void worker_waits(const NodeAddress&) {}
  virtual void worker_resumes(const NodeAddress&) {}
  /// While the supervisor waits for its workers, time may pass.
  virtual void let_time_pass() {}
  virtual void hold_time() {}
  /// The run's folder has got its name.
  virtual void moved_to(const RunFolder&) {}
};

std::unique_ptr<NodeSession> open_real_node();

/// Builds a node's state in the folder.
std::unique_ptr<NodeSession> build_simulated_node(const RunFolder& folder, sim::NodeSetup setup);

/// Goes on with the state that a killed run left in its folder; nobody who took part is alive any more.
std::unique_ptr<NodeSession> reopen_simulated_node(const RunFolder& folder);

/// The stand-in management library that belongs to this binary.
std::string simulated_library_path();

}  // namespace assay::run
