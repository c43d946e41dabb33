// NVIDIA's library of collectives (NCCL), opened by path at run time: the client of real and of simulated
// nodes alike. Its calls work on the calling thread's current device.
//
// Communicators do not block: what is begun is asked for until it is done, so that whoever waits keeps the
// deadline.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "harness/model/finding_codes.h"
#include "harness/node/collective.h"
#include "harness/node/gpu.h"
#include "harness/node/library.h"
#include "harness/node/nccl_abi.h"

namespace assay {

inline constexpr const char* kNcclLibrary = "libnccl.so.2";
/// The oldest whose profiler interface and RAS this client speaks: 2.28.
inline constexpr int kOldestNccl = 22800;

/// NCCL gave an error.
class NcclError final : public DeviceError {
 public:
  NcclError(nccl::Result result, const std::string& message)
      : DeviceError(codes::collective_failed, message), result_(result) {}
  nccl::Result result() const { return result_; }

 private:
  nccl::Result result_;
};

/// One rank of a communicator. Not to outlive its client.
class Communicator {
 public:
  /// Ends it as it should where it was finalized, and aborts it otherwise.
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int ranks() const = 0;

  /// Whether what was begun last is done: initialisation, a call, finalisation. Throws NcclError.
  virtual bool ready() = 0;
  /// Queues it on `stream` (a cudaStream_t), then is not ready for a while. Throws NcclError.
  virtual void begin(const nccl::Request& request, const void* send, void* receive, void* stream) = 0;
  /// All ranks are to, once all work is done.
  virtual void begin_to_finalize() = 0;
  /// Lets go of whatever hangs in it. From any thread, once.
  virtual void abort() = 0;
};

class Nccl {
 public:
  /// Null, and the reason in `why_not`, where it is not NCCL, or too old.
  static std::unique_ptr<Nccl> open(std::unique_ptr<Library> library, std::string& why_not);
  ~Nccl();
  Nccl(const Nccl&) = delete;
  Nccl& operator=(const Nccl&) = delete;

  /// "2.28.9".
  std::string version() const;
  /// The file that was opened.
  const std::string& file() const;
  /// Of that file, 64 hexadecimal digits: 240 MB take a second. Empty where it cannot be read.
  std::string sha256() const;

  /// For one communicator: whoever makes it has to live until all ranks have met. Throws NcclError.
  nccl::UniqueId make_id() const;
  /// On the current device. Not ready before all ranks have done the same. Throws NcclError.
  std::unique_ptr<Communicator> begin(const nccl::UniqueId& id, int rank, int ranks) const;

  struct Functions;

 private:
  Nccl(std::unique_ptr<Library> library, std::unique_ptr<Functions> functions);
  std::unique_ptr<Library> library_;
  std::unique_ptr<Functions> functions_;
};

}  // namespace assay
