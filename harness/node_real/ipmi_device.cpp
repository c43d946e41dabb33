#include "harness/node_real/ipmi_device.h"

#include <fcntl.h>
#include <linux/ipmi.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace assay {
namespace {

/// Controllers that are busy with their web page take a second or two; the step's deadline is far away.
constexpr int kPatienceMs = 5000;

/// "Maximum size of message": linux/ipmi_msgdefs.h, IPMI_MAX_MSG_LENGTH.
constexpr std::size_t kMostBytes = 272;

/// Of the only request that is under way through this file.
constexpr long kMessageId = 1;

struct File {
  explicit File(const std::string& path) : fd(open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
  ~File() {
    if (fd >= 0) close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const int fd;
};

}  // namespace

std::string ipmi_device_path() {
  for (const char* path : {"/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0"}) {
    if (access(path, F_OK) == 0) return path;
  }
  return {};
}

IpmiDevice::IpmiDevice(std::string path) : path_(path.empty() ? ipmi_device_path() : std::move(path)) {}

std::optional<std::vector<std::uint8_t>> IpmiDevice::ask(const IpmiRequest& request) {
  const File file(path_);
  if (file.fd < 0) return {};
  ipmi_system_interface_addr controller{};
  controller.addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE;
  controller.channel = IPMI_BMC_CHANNEL;
  std::vector<std::uint8_t> data = request.data;
  ipmi_req sent{};
  sent.addr = reinterpret_cast<unsigned char*>(&controller);
  sent.addr_len = sizeof(controller);
  sent.msgid = kMessageId;
  sent.msg = {request.net_function, request.command, static_cast<unsigned short>(data.size()), data.data()};
  if (ioctl(file.fd, IPMICTL_SEND_COMMAND, &sent) != 0) return {};

  pollfd waiting{file.fd, POLLIN, 0};
  if (poll(&waiting, 1, kPatienceMs) <= 0) return {};
  ipmi_addr from{};
  std::array<std::uint8_t, kMostBytes> bytes{};
  ipmi_recv received{};
  received.addr = reinterpret_cast<unsigned char*>(&from);
  received.addr_len = sizeof(from);
  received.msg.data = bytes.data();
  received.msg.data_len = bytes.size();
  if (ioctl(file.fd, IPMICTL_RECEIVE_MSG_TRUNC, &received) != 0) return {};
  if (received.recv_type != IPMI_RESPONSE_RECV_TYPE || received.msgid != kMessageId) return {};
  return std::vector<std::uint8_t>(bytes.begin(), bytes.begin() + received.msg.data_len);
}

}  // namespace assay
