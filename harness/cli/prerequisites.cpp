#include "harness/cli/prerequisites.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "harness/cli/cli.h"
#include "harness/cli/driver_prerequisites.h"
#include "harness/cli/libraries.h"
#include "harness/cli/machine_prerequisites.h"
#include "harness/cli/nccl_prerequisites.h"
#include "harness/kernel_log/kernel_log.h"
#include "harness/node_real/cuda_gpu.h"
#include "harness/node_real/ipmi_device.h"
#include "harness/node_real/real_backend.h"
#include "harness/plan/planner.h"
#include "harness/registry.h"
#include "harness/run/sampler_client.h"

namespace assay::cli {
namespace {

Prerequisite cuda_in_this_build() {
  const bool built = built_with_cuda();
  return {{"CUDA in this build", "本程序的 CUDA"},
          built,
          built ? Phrase("built for sm_90a", "已为 sm_90a 编译")
                : Phrase("the device halves of the kernels were left out", "编译时未包含 GPU 端代码"),
          {"build on a machine with nvcc of CUDA 13", "在装有 CUDA 13 nvcc 的机器上重新编译"}};
}

Prerequisite kernel_log() {
  const std::string why_not = kernel_log::why_not_the_kernels(kKernelLog);
  return {{"kernel log", "内核日志"},
          why_not.empty(),
          why_not.empty() ? Phrase("/dev/kmsg can be read", "/dev/kmsg 可读") : Phrase(why_not),
          {"run as root; in a container, give it the device itself (docker run --device /dev/kmsg --cap-add "
           "SYSLOG): without it no Xid is seen",
           "以 root 运行；在容器中需映射该设备（docker run --device /dev/kmsg --cap-add "
           "SYSLOG）：否则无法看到 Xid"}};
}

/// How warm the room is can be told from the GPUs, too, but not as plainly.
Prerequisite inlet() {
  IpmiDevice controller;
  const std::optional<double> celsius = inlet_temperature(controller);
  const std::string path = ipmi_device_path();
  Phrase found = path.empty()
                     ? Phrase("no IPMI device", "没有 IPMI 设备")
                     : phrase("{} does not say how warm the inlet's air is", "{} 未给出进风温度", path);
  if (celsius) found = phrase("the inlet's air has {} degC", "进风温度 {} °C", *celsius);
  Prerequisite result{
      "BMC",
      celsius.has_value(),
      found,
      {"modprobe ipmi_si ipmi_devintf, and run as root: without it a room that is too warm shows "
       "only where GPUs slow down",
       "modprobe ipmi_si ipmi_devintf，并以 root 运行：否则机房过热只能在 GPU 降频时才看得出来"}};
  result.stops_a_run = false;
  return result;
}

/// The driver, seen through the sampler: a driver that hangs takes the sampler with it, not us.
std::vector<Prerequisite> driver(bool for_cuda) {
  try {
    auto sampler = run::SamplerClient::start({real_sampler_address("/dev/null")}, {"/dev/null"});
    const auto snapshot = sampler.snapshot();
    return snapshot ? prerequisites_of(snapshot->readings, for_cuda)
                    : std::vector<Prerequisite>{no_driver(sampler.why_lost())};
  } catch (const run::NoManagementLibrary& error) {
    return {no_driver(error.what())};
  }
}

Prerequisite library(const std::string& name, const FoundLibrary& found, const Phrase& mend) {
  const bool there = found.why_not.empty();
  return {name, there,
          there ? phrase("version {}, {}", "版本 {}，{}", found.version, found.file) : Phrase(found.why_not),
          mend};
}

struct Wanted {
  bool cuda = true, cublaslt = true, nccl = true;
};

void add_libraries(const Wanted& wanted, std::vector<Prerequisite>& all) {
  if (!wanted.cublaslt && !wanted.nccl) return;
  const FoundLibraries found = find_libraries();
  const auto mend = [](const char* package, const char* file) {
    return phrase("install {} of NVIDIA's repository, or put {} into the folder lib beside the program",
                  "从 NVIDIA 软件源安装 {}，或把 {} 放入程序旁的 lib 目录", package, file);
  };
  if (wanted.cublaslt)
    all.push_back(library("cuBLASLt", found.cublaslt, mend("libcublas-13-0", kCublasLtLibrary)));
  if (wanted.nccl) all.push_back(library("NCCL", found.nccl, mend("libnccl2", kNcclLibrary)));
}

std::vector<Prerequisite> prerequisites_with(const Wanted& wanted) {
  std::vector<Prerequisite> all;
  if (wanted.cuda) all.push_back(cuda_in_this_build());
  all.push_back(kernel_log());
  for (Prerequisite& p : driver(wanted.cuda)) all.push_back(std::move(p));
  add_libraries(wanted, all);
  if (wanted.nccl) {
    for (Prerequisite& p : nccl_prerequisites()) all.push_back(std::move(p));
  }
  return all;
}

/// Checks of what the node says of itself do not.
bool works_on_gpus(const Check& check) {
  return check.scope != Scope::node || check.device_seconds != nullptr || !check.loads.empty();
}

}  // namespace

std::vector<Prerequisite> prerequisites() {
  std::vector<Prerequisite> all = prerequisites_with({});
  all.push_back(inlet());
  for (Prerequisite& p : machine_prerequisites()) all.push_back(std::move(p));
  return all;
}

void require_prerequisites(const Criteria& criteria, const std::string& language,
                           const std::vector<std::string>& only) {
  Wanted wanted{false, false, false};
  for (const RequiredCheck& one : criteria.required) {
    const Check* check = find_check(one.check);
    if (check == nullptr || !is_named(one.check, only)) continue;
    wanted.cuda |= works_on_gpus(*check);
    wanted.cublaslt |= check->uses_cublaslt;
    wanted.nccl |= check->uses_nccl;
  }
  std::vector<std::string> lines{Phrase("the node cannot be tested:", "无法测试该节点：").in(language)};
  for (const Prerequisite& p : prerequisites_with(wanted)) {
    if (p.met || !p.stops_a_run) continue;
    lines.push_back(
        fmt::format("  {}", phrase("{0}: {2}. {4}", "{1}：{3}。{5}", p.name.english, p.name.chinese,
                                   p.found.english, p.found.chinese, p.mend.english, p.mend.chinese)
                                .in(language)));
  }
  if (lines.size() > 1) throw CannotRun(std::move(lines));
}

}  // namespace assay::cli
