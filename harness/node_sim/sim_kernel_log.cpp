#include "harness/node_sim/sim_kernel_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "harness/node_sim/nvlink_wiring.h"

namespace assay::sim {

void log_line(const State& state, const std::string& text) {
  const std::string line = text + "\n";
  const int fd = open(state.kernel_log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  // One write a line: several GPUs' workers log at the same time.
  const bool written = fd >= 0 && write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int error = errno;
  if (fd >= 0) close(fd);
  if (!written) {
    throw std::runtime_error(
        fmt::format("simulated kernel log {}: {}", state.kernel_log_path, std::strerror(error)));
  }
}

std::string driver_address(const State& state, int gpu) {
  const std::string address = state.constants[gpu].pci_address;
  return address.substr(0, address.rfind('.'));
}

void log_xid(const State& state, int gpu, int number, bool ours, const std::string& text) {
  const std::string process =
      ours ? fmt::format("pid={}, name=assay", getpid()) : "pid='<unknown>', name=<unknown>";
  log_line(state,
           fmt::format("NVRM: Xid (PCI:{}): {}, {}, {}", driver_address(state, gpu), number, process, text));
}

void log_sxid(const State& state, int nvswitch, int number) {
  log_line(state, fmt::format("nvidia-nvswitch{}: SXid (PCI:{}): {}, Fatal, Link 30 LTSSM Fault Up", nvswitch,
                              nvswitch_address(nvswitch), number));
}

}  // namespace assay::sim
