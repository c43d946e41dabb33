#include "harness/cli/driver_prerequisites.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/model/versions.h"

namespace assay::cli {
namespace {

constexpr std::int64_t kCompleted = 3;  // nvmlGpuFabricState_t
constexpr const char* kNoPermission = "no_permission";
const Phrase kDriver{"NVIDIA driver", "NVIDIA 驱动"};

Prerequisite version_of(const NodeReadings& readings) {
  const std::string version = readings.driver_version.value.value_or("unknown");
  const bool met = !readings.simulated && !(DriverVersion::of(version) < kFirstCuda13Driver);
  return {kDriver, met,
          readings.simulated
              ? Phrase("the simulator's library stands in for the driver's", "模拟器的库代替了驱动的库")
              : phrase("version {}", "版本 {}", version),
          readings.simulated
              ? Phrase("leave the simulator's folder out of LD_LIBRARY_PATH",
                       "从 LD_LIBRARY_PATH 中去掉模拟器的目录")
              : phrase("it is older than {}: update it, and reboot. Until then --profile inventory alone "
                       "works, which "
                       "needs no CUDA",
                       "版本低于 {}：升级驱动并重启。在此之前只能使用不需要 CUDA 的 --profile inventory",
                       kFirstCuda13Driver.branch)};
}

std::string name_of(const GpuReadings& gpu) {
  return gpu.identity.pci_address.value.value_or("a GPU without address");
}

template <typename Holds>
std::vector<std::string> gpus_where(const NodeReadings& readings, Holds holds) {
  std::vector<std::string> names;
  for (const GpuReadings& gpu : readings.gpus) {
    if (holds(gpu)) names.push_back(name_of(gpu));
  }
  return names;
}

std::string all_of(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

Prerequisite gpus_of(const NodeReadings& readings) {
  const auto lost = gpus_where(readings, [](const GpuReadings& gpu) { return !gpu.lost.empty(); });
  const bool any = readings.gpus.size() > lost.size();
  const std::size_t answer = readings.gpus.size() - lost.size();
  const Phrase found = lost.empty() ? phrase("{} answer", "{} 块有响应", answer)
                                    : phrase("{} answer, {} not: {}", "{} 块有响应，{} 块无响应：{}", answer,
                                             lost.size(), all_of(lost));
  return {"GPUs",
          any,
          found,
          {"reseat the baseboard; look for Xid lines in dmesg", "重新安装 GPU 基板；在 dmesg 中查找 Xid"}};
}

/// Without it CUDA does not start: error 802. GPUs without NVSwitches have none.
Prerequisite fabric_of(const NodeReadings& readings) {
  const auto not_ready = gpus_where(readings, [](const GpuReadings& gpu) {
    const auto& state = gpu.state.fabric_state.value;
    return state && (*state != kCompleted || gpu.state.fabric_status.value.value_or(0) != 0);
  });
  const auto unwell =
      gpus_where(readings, [](const GpuReadings& gpu) { return gpu.state.has_unwell_fabric(); });
  const auto without =
      gpus_where(readings, [](const GpuReadings& gpu) { return !gpu.state.fabric_state.has_value(); });
  Phrase found{"the way over the NVSwitches is ready", "NVSwitch 互联已就绪"};
  if (!not_ready.empty())
    found = phrase("the way over the NVSwitches is not ready for {}: CUDA would end with error 802",
                   "{} 的 NVSwitch 互联未就绪：CUDA 会报错 802", all_of(not_ready));
  else if (!unwell.empty())
    found = phrase("the driver calls the way over the NVSwitches unhealthy for {}",
                   "驱动报告 {} 的 NVSwitch 互联不健康", all_of(unwell));
  else if (without.size() == readings.gpus.size())
    found = {"the driver knows of no NVSwitches", "驱动未发现 NVSwitch"};
  return {
      "Fabric Manager",
      not_ready.empty() && unwell.empty(),
      found,
      {"systemctl enable --now nvidia-fabricmanager (of the driver's own version); if it does not stay up, "
       "read /var/log/fabricmanager.log. In a virtual machine, power it off and on thereafter",
       "systemctl enable --now nvidia-fabricmanager（版本须与驱动一致）；若无法保持运行，查看 "
       "/var/log/fabricmanager.log。虚拟机随后需关机再开机"}};
}

/// What an acceptance reads and only some may.
Prerequisite rights_of(const NodeReadings& readings) {
  std::vector<std::string> refused, refused_in_chinese;
  const auto ask = [&](const Phrase& what, const std::string& missing) {
    if (missing != kNoPermission || std::find(refused.begin(), refused.end(), what.english) != refused.end())
      return;
    refused.push_back(what.english);
    refused_in_chinese.push_back(what.chinese);
  };
  for (const GpuReadings& gpu : readings.gpus) {
    ask({"errors of on-chip memory", "片上 SRAM 错误"}, gpu.state.sram_threshold_exceeded.missing);
    ask({"which processes use a GPU", "GPU 上的进程"}, gpu.state.processes.missing);
    for (const auto& [name, counter] : gpu.state.counters) ask(name, counter.missing);
  }
  return {{"rights", "权限"},
          refused.empty(),
          refused.empty()
              ? Phrase("all that is read of the GPUs may be read", "GPU 的各项读数均可读取")
              : Phrase("may not be read: " + all_of(refused), "无权读取：" + all_of(refused_in_chinese)),
          {"run as root (sudo); in a container, docker run --privileged",
           "以 root 运行（sudo）；在容器中使用 docker run --privileged"}};
}

Prerequisite persistence_of(const NodeReadings& readings) {
  const auto off = gpus_where(
      readings, [](const GpuReadings& gpu) { return gpu.identity.persistence_enabled.value == 0; });
  Prerequisite persistence{
      {"persistence", "常驻模式"},
      off.empty(),
      off.empty() ? Phrase("the driver stays loaded", "驱动保持加载")
                  : phrase("off on {}", "{} 未开启", all_of(off)),
      {"systemctl enable --now nvidia-persistenced: without it each first contact takes a second a GPU, and "
       "counters begin anew",
       "systemctl enable --now nvidia-persistenced：否则每块 GPU 首次访问需一秒，且计数器会清零"}};
  persistence.stops_a_run = false;
  return persistence;
}

bool has(const std::string& text, const char* word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

std::vector<Prerequisite> prerequisites_of(const NodeReadings& readings, bool for_cuda) {
  std::vector<Prerequisite> all;
  if (for_cuda || readings.simulated) all.push_back(version_of(readings));
  all.push_back(gpus_of(readings));
  if (for_cuda) all.push_back(fabric_of(readings));
  all.push_back(rights_of(readings));
  all.push_back(persistence_of(readings));
  return all;
}

Prerequisite no_driver(const std::string& why) {
  Prerequisite driver{kDriver, false, why,
                      phrase("install NVIDIA's driver {} or later, and see that its modules are loaded "
                             "(modprobe nvidia; dmesg)",
                             "安装 NVIDIA 驱动 {} 或更新版本，并确认其模块已加载（modprobe nvidia；dmesg）",
                             kFirstCuda13Driver.branch)};
  if (has(why, "library_driver_mismatch"))
    driver.mend = {
        "the library was updated, and the old module is still loaded: end what uses the GPUs and load it "
        "anew (modprobe -r nvidia_uvm nvidia; modprobe nvidia), or reboot",
        "库已升级而旧内核模块仍在加载：结束占用 GPU 的程序后重新加载（modprobe -r nvidia_uvm "
        "nvidia；modprobe "
        "nvidia），或重启"};
  else if (has(why, kNoPermission))
    driver.mend = {"run as root, or mend the rights of /dev/nvidia* (nvidia-modprobe)",
                   "以 root 运行，或修正 /dev/nvidia* 的权限（nvidia-modprobe）"};
  else if (has(why, "driver_not_loaded"))
    driver.mend = {
        "modprobe nvidia; if that fails, dmesg says why (another kernel than the module's, secure boot, "
        "nouveau)",
        "modprobe nvidia；若失败，dmesg 会说明原因（内核与模块不匹配、安全启动、nouveau）"};
  return driver;
}

}  // namespace assay::cli
