// Messages as frames: 4 bytes of magic, a 4-byte little-endian length, and that many bytes of JSON. Anything
// else on the wire - a library that prints to the wrong descriptor, a child that dies in mid-frame - is
// recognised as such, never guessed at.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace assay::ipc {

inline constexpr std::uint32_t kFrameMagic = 0x59415341;  // "ASAY"
inline constexpr std::size_t kMaxFrameBytes = 4 << 20;

class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws std::length_error for more than kMaxFrameBytes: what is larger does not go over a pipe.
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

}  // namespace assay::ipc
