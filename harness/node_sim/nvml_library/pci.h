// PCI addresses as NVML writes them.
#pragma once

#include <optional>
#include <string_view>

namespace assay::nvml {

struct PciAddress {
  unsigned domain, bus, device;
};

/// "0000:1b:00.0", "00000000:1B:00.0", "1b:00.0" and "1b:00".
std::optional<PciAddress> parse_pci(std::string_view address);

/// Into the short and the long form that the structs of NVML hold: upper case, 4 and 8 digits of the domain.
void print_pci_short(const PciAddress& address, char (&out)[16]);
void print_pci_long(const PciAddress& address, char (&out)[32]);

}  // namespace assay::nvml
