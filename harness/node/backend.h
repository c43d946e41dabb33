// A node as the processes of a run reach it. One backend a kind of node; everything above is the same for
// all.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/model/part.h"
#include "harness/model/work.h"
#include "harness/node/clock.h"
#include "harness/node/gpu.h"
#include "harness/node/host.h"
#include "harness/node/library.h"

namespace assay {

/// How a child reaches the node; only the backend that made it reads it. It travels in the child's first
/// message.
using NodeAddress = nlohmann::json;

/// A worker's side.
class WorkerNode {
 public:
  virtual ~WorkerNode() = default;
  /// Each body of a worker is a thread with a clock, and a view of the GPUs, of its own.
  virtual Clock& clock(std::size_t body) = 0;
  /// The GPU in this slot, at this PCI address. `seed` is the measurement's. Throws DeviceError.
  virtual std::unique_ptr<Gpu> open_gpu(const Part& slot, const std::string& pci_address, std::uint64_t seed,
                                        std::size_t body) = 0;
  virtual Host& host() = 0;
  /// NVIDIA's library of matrix products (node/cublaslt_client.h). Null, and the reason in `why_not`, where
  /// there is none.
  virtual std::unique_ptr<Library> cublaslt(std::string& why_not) = 0;
  /// The same of NCCL (node/nccl_client.h).
  virtual std::unique_ptr<Library> nccl(std::string& why_not) = 0;
  /// The body begins, with this check: its process has started.
  virtual void body_begins(std::size_t, const std::string&) {}
  /// The body has ended, and time does not wait for it.
  virtual void body_done(std::size_t) {}
};

/// The sampler's side.
class SamplerNode {
 public:
  virtual ~SamplerNode() = default;
  /// Path or soname of the management library, and which node it is to show where it could show several.
  virtual std::string management_library() const = 0;
  virtual std::string library_node() const { return {}; }
  /// Lines as /dev/kmsg gives them.
  virtual std::string kernel_log() const = 0;
  virtual Nanoseconds now() const = 0;
  /// For the thread that watches the GPU with this index of the management library.
  virtual std::unique_ptr<Clock> clock_of_gpu(int index) = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::unique_ptr<WorkerNode> worker_node(const NodeAddress& address) const = 0;
  virtual std::unique_ptr<SamplerNode> sampler_node(const NodeAddress& address) const = 0;
};

/// The supervisor's side. What is said here of time is of virtual time: a real node's passes by itself.
class NodeSession {
 public:
  virtual ~NodeSession() = default;
  virtual bool simulated() const = 0;
  virtual Clock& clock() = 0;
  virtual const Backend& backend() const = 0;
  virtual const HostFiles& host_files() const = 0;

  virtual NodeAddress sampler_address() = 0;
  /// Of a worker with these bodies: with whom each shares what it works at.
  virtual NodeAddress new_worker_address(const std::vector<Sharers>& of_bodies) = 0;
  /// What its process needs in its environment to see the GPUs with these UUIDs and no others.
  virtual std::map<std::string, std::string> environment(const std::vector<std::string>&) const { return {}; }
  /// The worker is gone: it does not hold time back any longer, nor does its process (0: it was a thread) the
  /// GPUs, as the driver sees to on a real node.
  virtual void worker_gone(const NodeAddress&, pid_t) {}
  virtual void sampler_gone() {}
  /// The worker waits for others, not for time.
  virtual void worker_waits(const NodeAddress&) {}
  virtual void worker_resumes(const NodeAddress&) {}
  /// While the supervisor waits for its workers, time may pass up to `until`.
  virtual void let_time_pass(Nanoseconds) {}
  virtual void hold_time() {}
  /// It has passed. What hangs on a simulated node is not waited for in real time, too.
  virtual bool time_is_up(Nanoseconds) { return false; }
  /// The run's folder has got its name: what the node keeps there is now in `folder`.
  virtual void moved_to(const std::string&) {}
};

}  // namespace assay
