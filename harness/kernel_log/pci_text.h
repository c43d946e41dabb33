// PCI addresses as drivers write them into their lines.
#pragma once

#include <optional>
#include <string>

#include "harness/kernel_log/scanner.h"

namespace assay::kernel_log {

/// "0000:9b:00.0" of "0000:9B:00", "00000000:9b:00.0" or "9b:00.0"; nothing, and nothing taken, of what is no
/// address. A function that is left out is 0, a domain likewise.
std::optional<std::string> take_pci_address(Scanner& scanner);

}  // namespace assay::kernel_log
