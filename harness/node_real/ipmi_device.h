// This machine's management controller, by the kernel's IPMI device.
#pragma once

#include <string>

#include "harness/node/bmc.h"

namespace assay {

class IpmiDevice final : public Bmc {
 public:
  /// Empty: the first one of the names that the kernel and udev give it.
  explicit IpmiDevice(std::string path = {});
  std::optional<std::vector<std::uint8_t>> ask(const IpmiRequest& request) override;

 private:
  std::string path_;
};

/// Where this machine has one; empty where it has none.
std::string ipmi_device_path();

}  // namespace assay
