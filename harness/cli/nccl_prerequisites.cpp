#include "harness/cli/nccl_prerequisites.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cstdint>

#include "harness/node/nccl_settings.h"
#include "harness/node_real/file_tree.h"
#include "harness/registry.h"

namespace assay::cli {
namespace {

constexpr const char* kSharedMemory = "/dev/shm";
/// NCCL user guide, Troubleshooting, Shared Memory: docker run --shm-size=1g. Where GPUs do not reach one
/// another directly a connection takes 9.6 MB (NVIDIA/nccl issues 290, 342), and eight GPUs have 56.
constexpr std::uint64_t kLeastSharedMib = 1024;

/// In each of the environments in which checks use NCCL; where RAS listens is told to all workers.
bool is_always_set(const std::string& variable) {
  const auto sets_it = [&](const Variant& variant) { return variant.environment.count(variable) > 0; };
  return variable == "NCCL_RAS_ADDR" ||
         std::all_of(all_checks().begin(), all_checks().end(), [&](const Check& check) {
           return !check.uses_nccl || std::all_of(check.variants.begin(), check.variants.end(), sets_it);
         });
}

Prerequisite settings() {
  const std::vector<std::string> made =
      settings_made_by(FileTree("/").read(kNcclSettingsFile).value_or(""), is_always_set);
  const std::string all = fmt::format("{}", fmt::join(made, ", "));
  return {
      {"NCCL's settings", "NCCL 设置"},
      made.empty(),
      made.empty() ? phrase("none of {} count", "{} 中没有起作用的设置", kNcclSettingsFile)
                   : phrase("{} sets {}", "{} 设置了 {}", kNcclSettingsFile, all),
      phrase("NCCL reads {0} whatever a program says: move it away for the test (mv {0} /root/)",
             "无论程序如何指定，NCCL 都会读取 {0}：测试期间将其移走（mv {0} /root/）", kNcclSettingsFile)};
}

Prerequisite shared_memory() {
  Prerequisite memory{
      {"shared memory", "共享内存"},
      false,
      phrase("there is no {}", "没有 {}", kSharedMemory),
      phrase("NCCL wants {} MiB where GPUs do not reach one another directly (its user guide, "
             "Troubleshooting): start the container with --shm-size=1g, or mount a larger "
             "tmpfs there",
             "GPU 之间不能直接互访时，NCCL 需要 {} MiB（NCCL 用户指南，Troubleshooting）：启动容器时加 "
             "--shm-size=1g，或挂载更大的 tmpfs",
             kLeastSharedMib)};
  memory.stops_a_run = false;
  struct statvfs room {};
  if (statvfs(kSharedMemory, &room) != 0) return memory;
  const std::uint64_t free_mib = std::uint64_t{room.f_bavail} * room.f_frsize >> 20;
  memory.met = free_mib >= kLeastSharedMib;
  memory.found = phrase("{} MiB are free in {}", "{1} 可用 {0} MiB", free_mib, kSharedMemory);
  return memory;
}

}  // namespace

std::vector<Prerequisite> nccl_prerequisites() {
  return {settings(), shared_memory()};
}

}  // namespace assay::cli
