#include "harness/ipc/child.h"

#include <fmt/format.h>

#include <csignal>
#include <cstring>

namespace assay::ipc {

std::string Ending::describe() const {
  switch (how) {
    case How::exited:
      return fmt::format("exited with status {}", code);
    case How::signalled:
      return fmt::format(
          "killed by signal {} ({}){}{}", code, sigdescr_np(code) ? sigdescr_np(code) : "unknown",
          core_dumped ? ", core dumped" : "", out_of_memory ? ", by the kernel's OOM killer" : "");
    case How::lost:
      break;
  }
  return "could not be killed";
}

}  // namespace assay::ipc
