// PCI addresses in the one spelling that is used throughout: "0000:1b:00.0".
#pragma once

#include <string_view>

namespace assay {

/// Lower case, domain of four digits, bus, device and function.
bool is_pci_address(std::string_view text);

}  // namespace assay
