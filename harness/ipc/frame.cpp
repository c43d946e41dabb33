#include "harness/ipc/frame.h"

#include "harness/base/parse_json.h"

namespace assay::ipc {
namespace {

constexpr std::size_t kHeaderBytes = 8;

std::uint32_t read_u32(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void append_u32(std::string& out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

std::string encode_frame(const nlohmann::json& message) {
  const std::string body = message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (body.size() > kMaxFrameBytes)
    throw std::length_error("a message of " + std::to_string(body.size()) + " bytes is larger than a frame");
  std::string frame;
  frame.reserve(kHeaderBytes + body.size());
  append_u32(frame, kFrameMagic);
  append_u32(frame, static_cast<std::uint32_t>(body.size()));
  frame += body;
  return frame;
}

void FrameDecoder::feed(std::string_view bytes) {
  buffer_.erase(0, consumed_);
  consumed_ = 0;
  buffer_.append(bytes);
  bytes_fed_ += bytes.size();
}

std::optional<nlohmann::json> FrameDecoder::next() {
  const char* const begin = buffer_.data() + consumed_;
  const std::size_t available = buffer_.size() - consumed_;
  if (available < kHeaderBytes) return std::nullopt;
  if (read_u32(begin) != kFrameMagic) throw ProtocolError("bytes on the pipe that are no frame");
  const std::size_t length = read_u32(begin + 4);
  if (length > kMaxFrameBytes) throw ProtocolError("a frame of " + std::to_string(length) + " bytes");
  if (available < kHeaderBytes + length) return std::nullopt;
  consumed_ += kHeaderBytes + length;
  try {
    auto message = parse_json({begin + kHeaderBytes, length});
    if (!message.is_object()) throw JsonError("it is no object");
    return message;
  } catch (const JsonError& error) {
    throw ProtocolError(std::string("a frame that is no JSON object: ") + error.what());
  }
}

}  // namespace assay::ipc
