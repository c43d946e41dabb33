// Lines of the kernel itself on what surrounds the GPUs: PCI Express, processors, memory, network cards,
// drives.
#pragma once

#include <optional>
#include <string_view>

#include "harness/model/kernel_event.h"

namespace assay::kernel_log {

std::optional<KernelEvent> parse_host(std::string_view text);

}  // namespace assay::kernel_log
