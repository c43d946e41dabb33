// A rank's buffers for a collective: filled with data whose result is known to the last bit, and looked
// through afterwards, on the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "harness/node/gpu.h"
#include "kernels/collective_data/values.h"

namespace assay::collective {

struct Mismatch {
  std::uint64_t element;  // of what was received
  std::uint64_t expected, actual;
};

struct Mismatches {
  static constexpr std::size_t kMost = 64;
  std::uint64_t count = 0;
  std::vector<Mismatch> first;  // by element; kMost of them, whichever came first
  /// Of 16-byte words before and behind what was to be received, changed.
  std::uint64_t outside = 0;
};

class RankData {
 public:
  virtual ~RankData() = default;
  /// Of each buffer, what is there to work on: of a large one on a simulated GPU a share.
  virtual std::uint64_t bytes_there() const = 0;
  /// What is done there takes the time of more (in_time_of): under the emulation.
  virtual bool stands_for_more() const = 0;
  /// cudaStream_t of everything here, and of the collective.
  virtual void* stream() const = 0;

  /// Sent elements get their values; what is to be received, others, and what lies around it, too. Its
  /// buffers fit bytes_there(). `in_place`: both in one buffer, where the collective can.
  virtual void prepare(const Job& job, bool in_place) = 0;
  /// Of the job prepared last.
  virtual const void* send() const = 0;
  virtual void* receive() const = 0;

  /// Whether all is done that was put into the stream; or into it before a mark. Throws DeviceError.
  virtual bool done() = 0;
  virtual bool passed(std::size_t mark) = 0;
  /// What comes into the stream from now on begins so much later, so that the host has it all there before
  /// the first of it begins. Nothing under the emulation, where the host takes no time.
  virtual void hold(double seconds) = 0;
  /// Puts a look through what the job prepared last has received into the stream.
  virtual void look() = 0;
  /// The same, after which what is to be received has other values again, so that a collective which does
  /// nothing shows.
  virtual void look_and_spoil() = 0;
  /// All that was found by looks since it was last asked for; waits for them. Throws DeviceError.
  virtual Mismatches found() = 0;
  Mismatches look_through() {
    look();
    return found();
  }
  /// That alone.
  virtual void spoil_received() = 0;

  /// Of all elements that were received, and where they are, read anew: ranks that received the same have the
  /// same. Waits. Throws DeviceError.
  virtual std::uint64_t digest() = 0;

  /// Of several buffers, the one that is received into from now on: once it has been looked at.
  virtual void receive_into(std::size_t buffer) = 0;
  /// What is in the stream by now has received into it.
  virtual void received() = 0;
  /// The same as look_and_spoil(), of that buffer, in a stream of its own, where it waits for
  /// what received() said: the data's stream goes on meanwhile.
  virtual void look_beside(std::size_t buffer) = 0;
  /// What comes into the data's stream from now on waits for what was put beside it.
  virtual void join() = 0;

  /// What is put into the stream meanwhile is recorded, and launched as one graph.
  virtual void as_graph(const std::function<void()>& record) = 0;
  /// Under the emulation, what is done meanwhile takes so many times the time.
  virtual void in_time_of(double times, const std::function<void()>& act) = 0;
  /// Puts a mark with this number into the stream, and takes the device time from one to another; waits for
  /// the second. Throws DeviceError.
  virtual void mark(std::size_t number) = 0;
  virtual double seconds_between(std::size_t first, std::size_t second) = 0;
};

/// With buffers of so many bytes: one to send from, so many to receive into. Throws DeviceError.
std::unique_ptr<RankData> make_rank_data(Gpu& gpu, std::uint64_t bytes, std::size_t received_buffers = 1);

/// What preparing and looking through ask of the device, for buffers of so many bytes.
Work work_of_preparing(double sent_bytes, double received_bytes);
Work work_of_looking_through(double received_bytes);

}  // namespace assay::collective
