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

Prerequisite warning(std::string name, bool met, std::string found, std::string mend) {
  Prerequisite result{std::move(name), met, std::move(found), std::move(mend)};
  result.stops_a_run = false;
  return result;
}

std::string text_of(rlim_t limit) {
  return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit);
}

/// NCCL and RDMA lock what they send from (NCCL user guide, Troubleshooting).
Prerequisite locked_memory() {
  constexpr rlim_t kEnough = rlim_t{1} << 30;
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  return warning("locked memory", limit.rlim_cur >= kEnough,
                 fmt::format("{} bytes may be locked", text_of(limit.rlim_cur)),
                 "ulimit -l unlimited; in a container, docker run --ulimit memlock=-1");
}

/// NCCL opens sockets and files of every GPU to every other.
Prerequisite open_files() {
  constexpr rlim_t kEnough = 4096;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return warning("open files", limit.rlim_cur >= kEnough,
                 fmt::format("{} may be open", text_of(limit.rlim_cur)), "ulimit -n 1048576");
}

/// The report's dates are compared with the BMC's and the switches'.
Prerequisite clock_of_machine() {
  timex state{};  // modes 0: asked only
  const int answer = adjtimex(&state);
  const bool in_step = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return warning(
      "time", in_step, in_step ? "the clock is synchronised" : "the clock is not synchronised with any other",
      "timedatectl set-ntp true (or chronyc makestep): otherwise nobody can match the report with the "
      "BMC's log");
}

/// Nothing is wrong with one; but what it was not given is missing.
Prerequisite container() {
  const bool inside =
      std::filesystem::exists("/.dockerenv") || std::filesystem::exists("/run/.containerenv") ||
      FileTree("/").read("/proc/1/environ").value_or("").find("container=") != std::string::npos;
  return warning(
      "container", !inside,
      inside ? "this is a container: what it was not given of the node cannot be read"
             : "this is no container",
      "docker run --privileged --ipc=host --ulimit memlock=-1 --device /dev/kmsg, with /sys of the host");
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
  std::string found = traffic.in_the_way();
  const bool met = found.empty() && traffic.unread.empty();
  if (found.empty())
    found = gpus.empty() ? "there are no GPUs"
            : met ? "nothing stands between GPUs and network cards, as far as this machine shows its ports"
                  : "access control (ACS) of the ports only root may read";
  return warning(
      "PCIe peers", met, found,
      "GPUDirect RDMA may be slow: IOMMU off in the BIOS, or iommu=pt and ACS cleared at each boot (setpci, "
      "pci=disable_acs_redir); a site's file makes it a finding ([peer_traffic])");
}

std::vector<Prerequisite> machine_prerequisites() {
  return {locked_memory(), open_files(), clock_of_machine(), container(), direct_traffic(FileTree("/"))};
}

}  // namespace assay::cli
