#include "harness/ipc/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "harness/base/machine_refused.h"

namespace assay::ipc {

SocketPair make_socket_pair(std::chrono::milliseconds patience) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    throw MachineRefused("socketpair", errno);
  }
  SocketPair pair{Descriptor(fds[0]), Descriptor(fds[1])};
  const timeval wait{static_cast<time_t>(patience.count() / 1000),
                     static_cast<suseconds_t>(patience.count() % 1000 * 1000)};
  if (setsockopt(pair.parent.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0)
    throw MachineRefused("SO_SNDTIMEO", errno);
  return pair;
}

void Channel::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) throw ProtocolError("send: it does not read what it is sent");
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

}  // namespace assay::ipc
