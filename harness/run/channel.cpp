#include "harness/run/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "harness/machine_refused.h"
#include "harness/parse_json.h"

namespace assay::run {
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

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() {
  return std::exchange(fd_, -1);
}

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

SocketPair make_socket_pair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    throw MachineRefused("socketpair", errno);
  }
  return {Descriptor(fds[0]), Descriptor(fds[1])};
}

void Channel::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw ProtocolError(std::string("send: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::optional<nlohmann::json> Channel::receive() {
  for (;;) {
    if (auto message = decoder_.next()) return message;
    if (!read_available(fd_, decoder_, 1 << 16)) return std::nullopt;
  }
}

bool Channel::wait(int timeout_ms) {
  pollfd entry{fd_, POLLIN, 0};
  return poll(&entry, 1, timeout_ms) > 0;
}

bool read_available(int fd, FrameDecoder& decoder, std::size_t limit) {
  std::vector<char> chunk(limit);
  for (;;) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 && errno == EAGAIN;
    decoder.feed({chunk.data(), static_cast<std::size_t>(got)});
    return true;
  }
}

}  // namespace assay::run
