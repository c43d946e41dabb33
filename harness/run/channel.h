// Framed messages over a pipe or socket between the supervisor and its children.
//
// A frame is 4 bytes of magic, a 4-byte little-endian length, and that many bytes of JSON. Anything else on
// the wire - a library that prints to the wrong descriptor, a child that dies in mid-frame - is recognised as
// such, never guessed at.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace assay::run {

inline constexpr std::uint32_t kFrameMagic = 0x59415341;  // "ASAY"
inline constexpr std::size_t kMaxFrameBytes = 4 << 20;

class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string encode_frame(const nlohmann::json& message);

/// Collects bytes and hands out whole messages.
class FrameDecoder {
 public:
  void feed(std::string_view bytes);
  /// The next whole message; nothing while it is incomplete. Throws ProtocolError on bytes that are no frame.
  std::optional<nlohmann::json> next();
  /// Bytes of a frame that never became whole.
  bool mid_frame() const { return consumed_ < buffer_.size(); }
  /// All bytes so far.
  std::size_t bytes_fed() const { return bytes_fed_; }

 private:
  std::string buffer_;
  std::size_t bytes_fed_ = 0;
  std::size_t consumed_ =
      0;  // of buffer_, dropped at the next feed: a flood of small frames costs no quadratic moves
};

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  void close();

 private:
  int fd_ = -1;
};

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

}  // namespace assay::run
