#include "harness/cli/machine_prerequisites.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/timex.h>

#include <filesystem>
#include <string>
#include <vector>

#include "harness/node/peer_path.h"
#include "harness/node_real/file_tree.h"

namespace assay::cli {
namespace {

Prerequisite warning(Phrase name, bool met, Phrase found, Phrase mend) {
  Prerequisite result{std::move(name), met, std::move(found), std::move(mend)};
  result.stops_a_run = false;
  return result;
}

Phrase text_of(rlim_t limit, const char* english, const char* chinese) {
  if (limit == RLIM_INFINITY) return {"no limit", "无限制"};
  return {fmt::format(fmt::runtime(english), limit), fmt::format(fmt::runtime(chinese), limit)};
}

/// NCCL and RDMA lock what they send from (NCCL user guide, Troubleshooting).
Prerequisite locked_memory() {
  constexpr rlim_t kEnough = rlim_t{1} << 30;
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  return warning({"locked memory", "锁定内存"}, limit.rlim_cur >= kEnough,
                 text_of(limit.rlim_cur, "{} bytes may be locked", "可锁定 {} 字节"),
                 {"ulimit -l unlimited; in a container, docker run --ulimit memlock=-1",
                  "ulimit -l unlimited；在容器中使用 docker run --ulimit memlock=-1"});
}

/// NCCL opens sockets and files of every GPU to every other.
Prerequisite open_files() {
  constexpr rlim_t kEnough = 4096;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return warning({"open files", "打开文件数"}, limit.rlim_cur >= kEnough,
                 text_of(limit.rlim_cur, "{} may be open", "最多 {} 个"), "ulimit -n 1048576");
}

/// The report's dates are compared with the BMC's and the switches'.
Prerequisite clock_of_machine() {
  timex state{};  // modes 0: asked only
  const int answer = adjtimex(&state);
  const bool in_step = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return warning(
      {"time", "时间"}, in_step,
      in_step ? Phrase("the clock is synchronised", "时钟已同步")
              : Phrase("the clock is not synchronised with any other", "时钟未同步"),
      {"timedatectl set-ntp true (or chronyc makestep): otherwise nobody can match the report with "
       "the BMC's log",
       "timedatectl set-ntp true（或 chronyc makestep）：否则报告无法与 BMC 日志对照"});
}

/// Nothing is wrong with one; but what it was not given is missing.
Prerequisite container() {
  const bool inside =
      std::filesystem::exists("/.dockerenv") || std::filesystem::exists("/run/.containerenv") ||
      FileTree("/").read("/proc/1/environ").value_or("").find("container=") != std::string::npos;
  return warning(
      {"container", "容器"}, !inside,
      inside ? Phrase("this is a container: what it was not given of the node cannot be read",
                      "当前在容器中：未映射进来的节点信息无法读取")
             : Phrase("this is no container", "不在容器中"),
      {"docker run --privileged --ipc=host --ulimit memlock=-1 --device /dev/kmsg, with /sys of the host",
       "docker run --privileged --ipc=host --ulimit memlock=-1 --device /dev/kmsg，并映射主机的 /sys"});
}

/// NVIDIA's 3D controllers (PCI Code and ID Assignment 1.15).
bool is_gpu(const HostFiles& files, const std::string& device) {
  return files.read(device + "/vendor").value_or("") == "0x10de" &&
         files.read(device + "/class").value_or("").rfind("0x0302", 0) == 0;
}

}  // namespace

Prerequisite direct_traffic(const HostFiles& files) {
  const std::string devices = "/sys/bus/pci/devices";
  std::vector<std::string> gpus;
  for (const std::string& address : files.list(devices)) {
    if (is_gpu(files, devices + "/" + address)) gpus.push_back(address);
  }
  const pci::PeerTraffic traffic = pci::read_peer_traffic(files, gpus);
  Phrase found = traffic.in_the_way();
  const bool met = found.english.empty() && traffic.unread.empty();
  if (met)
    found =
        gpus.empty()
            ? Phrase("there are no GPUs", "没有 GPU")
            : Phrase("nothing stands between GPUs and network cards, as far as this machine shows its ports",
                     "就可见的端口而言，GPU 与网卡之间可直接互访");
  else if (found.english.empty())
    found = {"access control (ACS) of the ports only root may read", "端口的 ACS 设置只有 root 可读"};
  return warning(
      {"PCIe peers", "PCIe 互访"}, met, found,
      {"GPUDirect RDMA may be slow: IOMMU off in the BIOS, or iommu=pt and ACS cleared at each boot (setpci, "
       "pci=disable_acs_redir); a site's file makes it a finding ([peer_traffic])",
       "GPUDirect RDMA 可能变慢：在 BIOS 中关闭 IOMMU，或设置 iommu=pt 并在每次启动时清除 ACS（setpci，"
       "pci=disable_acs_redir）；站点文件可将其设为判定项（[peer_traffic]）"});
}

std::vector<Prerequisite> machine_prerequisites() {
  return {locked_memory(), open_files(), clock_of_machine(), container(), direct_traffic(FileTree("/"))};
}

}  // namespace assay::cli
