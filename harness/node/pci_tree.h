// PCI Express as Linux shows it in sysfs: how devices are nested, how their links are trained, what errors
// they have counted (linux: Documentation/ABI/testing/sysfs-bus-pci, -aer_stats; drivers/pci/pcie/aer.c).
//
// A link joins a port to what is plugged in below it, and both ends show how it is trained. From a GPU up,
// links take turns with the insides of switches: GPU, link, downstream port, (switch), upstream port, link,
// root port.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/node/host_files.h"

namespace assay::pci {

/// How one end of a link shows it. A value is missing where the file is, or does not hold one.
struct Training {
  std::optional<double> speed_gt_per_s, max_speed_gt_per_s;  // of each lane
  std::optional<int> width, max_width;                       // lanes
  /// All bits that were read are set: nothing answers at this address any more.
  bool gone = false;
};

/// Errors that a device has counted since it was found, by the kernel's names: "BadTLP", "RxErr", ...
struct ErrorCounts {
  std::map<std::string, std::int64_t> correctable, nonfatal, fatal;
};

/// Both by their addresses, "0000:17:01.0".
struct Link {
  std::string upper, lower;
};

class Tree {
 public:
  explicit Tree(const HostFiles& files) : files_(files) {}

  /// The device and all bridges above it, root port first. Empty where it is not there, or where what the
  /// bridges say of their buses is not how they are nested.
  std::vector<std::string> path_to(const std::string& address) const;
  /// The links between the device and the root, the device's own first. Empty for a device without a port
  /// above it, as virtual machines have them.
  std::vector<Link> links_above(const std::string& address) const;

  Training training(const std::string& address) const;
  /// Nothing where the kernel does not count the device's errors.
  std::optional<ErrorCounts> errors(const std::string& address) const;
  /// -1 where the kernel does not know.
  int numa_node(const std::string& address) const;
  /// Name of the slot that the device, or the nearest port above it, is in; empty where firmware names none.
  std::string slot_name(const std::string& address) const;

 private:
  std::optional<std::string> read(const std::string& address, const char* file) const;
  bool nested(const std::string& bridge, const std::string& below) const;

  const HostFiles& files_;
};

/// GT/s of "32.0 GT/s PCIe", or of "16 GT/s" as kernels before 5.7 wrote it; nothing of "Unknown".
std::optional<double> speed_of(const std::string& text);

/// 5 of 32 GT/s; nothing of a speed that no generation has.
std::optional<int> generation_of(double gt_per_s);

/// `after` less `before`, of the kinds that grew. Nothing where one shrank or is gone: counting has begun
/// anew.
std::optional<std::map<std::string, std::int64_t>> growth(const std::map<std::string, std::int64_t>& before,
                                                          const std::map<std::string, std::int64_t>& after);

}  // namespace assay::pci
