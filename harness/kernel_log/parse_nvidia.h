// Lines of NVIDIA's drivers: of GPUs ("NVRM: ...") and of NVSwitches ("nvidia-nvswitch0: ...").
#pragma once

#include <optional>
#include <string_view>

#include "harness/model/kernel_event.h"

namespace assay::kernel_log {

/// Of a text that begins with "NVRM: ".
std::optional<KernelEvent> parse_nvrm(std::string_view text);
/// Of a text that begins with "nvidia-nvswitch".
std::optional<KernelEvent> parse_nvswitch(std::string_view text);

}  // namespace assay::kernel_log
