// A site: what holds for a data centre or a chassis type, over and above the SKU.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/model/criteria.h"

namespace assay::config {

struct Site {
  std::string name;
  std::string sku;  // used where --sku is not given
  std::map<Part, std::string>
      slot_pci_addresses;  // a chassis whose module ids are not the SKU's: gpuN -> "0000:18:00.0"
  /// A chassis in which some slots breathe the air of others: by how much theirs is warmer.
  std::map<Part, double> warmer_air_c;
  /// Network ports that a node is to have, by the rate that they are to be up at, in Gbit/s: 100, 200, 400,
  /// 800.
  std::map<int, int> network_ports;
  /// By measurement of inventory.gpus or inventory.host, such as "vbios": the versions that the site has
  /// agreed to.
  std::map<std::string, std::vector<std::string>> firmware;
  /// GPUs and network cards are to reach one another over PCIe without a way over the processors.
  bool direct_peer_traffic = false;
  std::vector<Waiver> waivers;
};

Site load_site(const std::string& path, Diagnostics& diagnostics);

}  // namespace assay::config
