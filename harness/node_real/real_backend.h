// The machine that Assay runs on: CUDA, NVIDIA's driver, the kernel's log.
#pragma once

#include <memory>
#include <string>

#include "harness/node/backend.h"
#include "harness/node/cublaslt_client.h"
#include "harness/node/nccl_client.h"
#include "harness/node/nvml_client.h"

namespace assay {

inline constexpr const char* kRealBackend = "real";
inline constexpr const char* kKernelLog = "/dev/kmsg";

const Backend& real_backend();
/// As a worker opens it. It is large (half a second, 150 MB), and nothing that outlives a step.
std::unique_ptr<Library> open_real_cublaslt(std::string& why_not);
std::unique_ptr<Library> open_real_nccl(std::string& why_not);
std::unique_ptr<NodeSession> open_real_node();
/// A sampler of this machine that follows another log than the kernel's (who only asks who is there needs
/// none), or asks another library than the driver's.
NodeAddress real_sampler_address(const std::string& kernel_log = kKernelLog,
                                 const std::string& library = kNvmlLibrary);

}  // namespace assay
