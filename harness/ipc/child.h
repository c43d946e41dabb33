// A child of the supervisor: a process of this same binary, or a thread of a fast simulation. How it ended is
// data.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/ipc/channel.h"

namespace assay::ipc {

struct Ending {
  enum class How { exited, signalled, lost };
  How how = How::exited;
  int code = 0;  // exit status, or signal number
  bool core_dumped = false;
  bool out_of_memory = false;    // the kernel's OOM killer struck while it lived
  std::string describe() const;  // "killed by signal 11 (Segmentation fault)"
};

class Child {
 public:
  virtual ~Child() = default;
  /// Our end of its channel.
  virtual int fd() const = 0;
  virtual void send(const nlohmann::json& message) = 0;
  /// Process id, or 0 for a thread.
  virtual pid_t pid() const = 0;
  /// How it ended, once it has. Never blocks.
  virtual std::optional<Ending> ended() = 0;
  /// Asks (SIGTERM) or forces (SIGKILL) it to end. A thread cannot be made to.
  virtual void signal(int number) = 0;
};

/// What a child process is given of its run's folder.
struct ChildFiles {
  std::string log;    // its standard output and error are appended to this file
  int run_lock = -1;  // held by all processes of a run: none of them lives when it can be taken
  /// SIGINT, SIGTERM and SIGHUP, which schedulers send to all processes of a job, are blocked: it ends with
  /// its channel.
  bool deaf = false;
};

/// Starts `this-binary verb`, with the channel as descriptor 3 and standard input empty. Its environment is
/// ours without what would bend CUDA, NCCL or cuBLAS (CUDA_*, LD_PRELOAD, ...), and with `environment`.
/// Throws MachineRefused.
std::unique_ptr<Child> spawn_process(const std::string& verb, const ChildFiles& files,
                                     const std::map<std::string, std::string>& environment = {});

/// What a child does with its end of the channel; returns its exit status.
using ThreadMain = std::function<int(int fd)>;

/// Runs it in a thread. Its end is seen when it returns.
std::unique_ptr<Child> spawn_thread(ThreadMain main);

/// What a spawned process is called, in ps and where the driver names the process that an Xid befell.
inline constexpr const char* kChildName = "assay";

/// The descriptor that a spawned process finds its channel at.
inline constexpr int kChannelDescriptor = 3;
inline constexpr int kRunLockDescriptor = 4;

/// What a child process does first: it dies with its parent, and does not take the terminal's Ctrl-C. False
/// when the parent has died already.
bool become_child();

}  // namespace assay::ipc
