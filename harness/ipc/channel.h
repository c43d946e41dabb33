// Frames over a socket between the supervisor and its children.
#pragma once

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
SocketPair make_socket_pair();

/// The child's end: blocking.
class Channel {
 public:
  explicit Channel(int fd) : fd_(fd) {}
  /// Throws ProtocolError when the peer is gone.
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
