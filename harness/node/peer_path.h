// How the way over PCIe between a GPU and its neighbours is set: what sends their traffic up to the
// processors though a switch could pass it on, as GPUDirect RDMA between a GPU and a network card needs it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/node/host_files.h"

namespace assay::pci {

struct PeerPath {
  /// Ports above the device whose access control sends peers' requests or completions up to the root (ACS P2P
  /// request or completion redirect; PCI Express Base 6.0, 7.7.11).
  std::vector<std::string> redirecting;
  /// Ports whose access control only root may read: there is nothing to say of them.
  std::vector<std::string> unread;
  /// Type of the device's IOMMU group: "identity" passes addresses through, "DMA" and "DMA-FQ" translate them
  /// (linux: Documentation/ABI/testing/sysfs-kernel-iommu_groups). Empty: there is no IOMMU at work.
  std::string iommu_type;
  /// The device asks for translations by itself, so that translated traffic can be direct (ATS; 10.5.1).
  /// Nothing where it cannot, or where only root may read it.
  std::optional<bool> ats;

  bool is_translated() const { return iommu_type.rfind("DMA", 0) == 0; }
};

PeerPath read_peer_path(const HostFiles& files, const std::string& address);

/// Of several devices together, and of the node's network cards (RDMA devices), which begin the traffic
/// between the two and have ports and addresses of their own.
struct PeerTraffic {
  std::set<std::string> redirecting, unread;  // ports
  std::set<std::string> translated;           // devices
  int with_ats = 0;                           // devices
  /// What stands in the way; empty where nothing does, as far as it could be read.
  std::string in_the_way() const;
};

PeerTraffic read_peer_traffic(const HostFiles& files, const std::vector<std::string>& gpus);

/// Where in a device's configuration space, as `config` in sysfs has it, an extended capability begins;
/// nothing where the device has none of this number. 256 bytes or fewer hold none.
std::optional<std::size_t> extended_capability(const std::string& config, unsigned number);

}  // namespace assay::pci
