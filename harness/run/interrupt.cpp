#include "harness/run/interrupt.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "harness/base/machine_refused.h"

namespace assay::run {
namespace {

/// Signals that somebody wants ignored (nohup: SIGHUP) stay ignored: blocked, they would be queued all the
/// same.
sigset_t watched(OnTerminate on_terminate) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    sigaction(number, nullptr, &action);
    if (number == SIGTERM && on_terminate == OnTerminate::leave_it_open) continue;
    if (action.sa_handler != SIG_IGN) sigaddset(&set, number);
  }
  return set;
}

}  // namespace

Interrupt::Interrupt(OnTerminate on_terminate) {
  const sigset_t set = watched(on_terminate);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_ = Descriptor(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd_) throw MachineRefused("signalfd", errno);
}

bool Interrupt::requested() {
  signalfd_siginfo info{};
  while (read(fd_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) requested_ = true;
  return requested_;
}

}  // namespace assay::run
