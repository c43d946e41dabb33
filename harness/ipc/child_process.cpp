#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "harness/base/machine_refused.h"
#include "harness/ipc/child.h"

namespace assay::ipc {
namespace {

/// Times that the kernel's OOM killer has struck on this machine.
long oom_kills() {
  std::ifstream file("/proc/vmstat");
  std::string name;
  long value = 0;
  while (file >> name >> value) {
    if (name == "oom_kill") return value;
  }
  return 0;
}

class ChildProcess final : public Child {
 public:
  ChildProcess(pid_t pid, Descriptor fd) : pid_(pid), fd_(std::move(fd)), oom_kills_before_(oom_kills()) {}
  ~ChildProcess() override {
    if (ended()) return;
    kill(pid_, SIGKILL);
    // Not waited for: a process in an uninterruptible driver call would hold us here for ever.
    waitpid(pid_, nullptr, WNOHANG);
  }
  int fd() const override { return fd_.get(); }
  void send(const nlohmann::json& message) override { Channel(fd_.get()).send(message); }
  pid_t pid() const override { return pid_; }
  void signal(int number) override {
    if (!ended()) kill(pid_, number);
  }

  std::optional<Ending> ended() override {
    if (ending_) return ending_;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    Ending ending;
    if (WIFSIGNALED(status)) {
      ending.how = Ending::How::signalled;
      ending.code = WTERMSIG(status);
      ending.core_dumped = WCOREDUMP(status);
      ending.out_of_memory = ending.code == SIGKILL && oom_kills() > oom_kills_before_;
    } else {
      ending.code = WEXITSTATUS(status);
    }
    ending_ = ending;
    return ending_;
  }

 private:
  pid_t pid_;
  Descriptor fd_;
  long oom_kills_before_;
  std::optional<Ending> ending_;
};

/// The process id of the supervisor, for become_child().
constexpr const char* kParentVariable = "ASSAY_SUPERVISOR_PID";

/// What CUDA, NCCL and cuBLAS read, and what puts other libraries before theirs.
bool bends_libraries(std::string_view variable) {
  for (const std::string_view begins :
       {"CUDA_", "NCCL_", "CUBLAS", "NVIDIA_TF32_OVERRIDE=", "LD_PRELOAD=", "LD_AUDIT="}) {
    if (variable.substr(0, begins.size()) == begins) return true;
  }
  return false;
}

/// "NAME=value" of each: what bends libraries is set for each worker, never inherited.
std::vector<std::string> clean_environment(const std::map<std::string, std::string>& set) {
  std::vector<std::string> variables;
  for (char** inherited = environ; *inherited != nullptr; ++inherited) {
    const std::string_view variable = *inherited;
    if (variable.rfind(std::string(kParentVariable) + "=", 0) == 0) continue;
    if (!bends_libraries(variable) && set.count(std::string(variable.substr(0, variable.find('=')))) == 0)
      variables.emplace_back(variable);
  }
  for (const auto& [name, value] : set) variables.push_back(name + "=" + value);
  variables.push_back(std::string(kParentVariable) + "=" + std::to_string(getpid()));
  return variables;
}

struct FileActions {
  posix_spawn_file_actions_t actions;
  FileActions() { posix_spawn_file_actions_init(&actions); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions); }
};

struct Attributes {
  posix_spawnattr_t attributes;
  explicit Attributes(bool deaf) {
    // The supervisor blocks the signals that it reads from a descriptor; a child starts with a mask of its
    // own.
    sigset_t blocked;
    sigemptyset(&blocked);
    if (deaf) {
      for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&blocked, number);
    }
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &blocked);
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &pipe);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes); }
};

}  // namespace

std::unique_ptr<Child> spawn_process(const std::string& verb, const ChildFiles& given,
                                     const std::map<std::string, std::string>& environment) {
  SocketPair sockets = make_socket_pair();
  FileActions files;
  posix_spawn_file_actions_addopen(&files.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files.actions, STDOUT_FILENO, given.log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files.actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&files.actions, sockets.child.get(), kChannelDescriptor);
  if (given.run_lock >= 0) {
    posix_spawn_file_actions_adddup2(&files.actions, given.run_lock, kRunLockDescriptor);
  }
  const Attributes attributes(given.deaf);

  std::string program = kChildName, argument = verb;
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  std::vector<std::string> variables = clean_environment(environment);
  std::vector<char*> pointers;
  for (std::string& variable : variables) pointers.push_back(variable.data());
  pointers.push_back(nullptr);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, "/proc/self/exe", &files.actions, &attributes.attributes, arguments, pointers.data());
  if (error != 0) throw MachineRefused("a child process (" + verb + ") cannot be started", error);
  return std::make_unique<ChildProcess>(pid, std::move(sockets.parent));
}

bool become_child() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME,
        kChildName);  // by exec it would be "exe", which tells a reader of the kernel log nothing
  // It may have died before: its end of the channel can still be open then, in a sibling that is just
  // starting.
  const char* const parent = std::getenv(kParentVariable);
  if (parent != nullptr && parent != std::to_string(getppid())) return false;
  pollfd channel{kChannelDescriptor, POLLRDHUP, 0};
  if (poll(&channel, 1, 0) != 0) return false;
  // The terminal sends Ctrl-C to the whole foreground group; the supervisor decides what becomes of its
  // children.
  setpgid(0, 0);
  return true;
}

}  // namespace assay::ipc
