// Frames over a socket between the supervisor and its children.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "harness/base/descriptor.h"
#include "harness/ipc/frame.h"

namespace assay::ipc {

/// A connected pair of stream sockets, close-on-exec.
struct SocketPair {
  Descriptor parent, child;
};

/// What a child that reads nothing may cost its parent, which has others to watch. A sender that finds no
/// room (some 200 KiB are buffered) waits as long as the reader takes to be scheduled: seconds on a loaded
/// machine.
inline constexpr std::chrono::milliseconds kSendPatience{10'000};

/// `patience`: what the parent waits for room.
SocketPair make_socket_pair(std::chrono::milliseconds patience = kSendPatience);

/// Either end: blocking.
class Channel {
 public:
  explicit Channel(int fd) : fd_(fd) {}
  /// Throws ProtocolError when the peer is gone, or reads nothing for longer than its socket's patience.
  void send(const nlohmann::json& message) { send_raw(encode_frame(message)); }
  void send_raw(std::string_view bytes);
  /// Blocks for the next message; nothing at end of file.
  std::optional<nlohmann::json> receive();
  /// Waits up to `timeout_ms` (-1: for ever) for something to receive. False on time-out.
  bool wait(int timeout_ms);

 private:
  int fd_;
  FrameDecoder decoder_;
};

/// Reads what is there (at most `limit` bytes) into the decoder. False at end of file.
bool read_available(int fd, FrameDecoder& decoder, std::size_t limit);

}  // namespace assay::ipc
