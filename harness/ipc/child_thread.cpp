#include <sys/socket.h>

#include <thread>
#include <utility>

#include "harness/ipc/child.h"

namespace assay::ipc {
namespace {

class ChildThread : public Child {
 public:
  ChildThread(SocketPair sockets, ThreadMain main)
      : fd_(std::move(sockets.parent)), state_(std::make_shared<Shared>()) {
    state_->child = std::move(sockets.child);
    std::thread([state = state_, main = std::move(main)] {
      state->exit_status = main(state->child.get());
      state->child.close();
      state->finished = true;
    }).detach();  // one that hangs cannot be joined, nor killed: it is left behind, as a wedged process would
                  // be
  }
  int fd() const override { return fd_.get(); }
  void send(const nlohmann::json& message) override { Channel(fd_.get()).send(message); }
  pid_t pid() const override { return 0; }
  /// A thread cannot be killed; that nobody listens to it any more ends it at the next thing it says.
  void signal(int) override { shutdown(fd_.get(), SHUT_RDWR); }
  std::optional<Ending> ended() override {
    if (!state_->finished) return std::nullopt;
    Ending ending;
    ending.code = state_->exit_status;
    return ending;
  }

 private:
  struct Shared {
    Descriptor child;
    int exit_status = 0;
    std::atomic<bool> finished = false;
  };
  Descriptor fd_;
  std::shared_ptr<Shared> state_;
};

}  // namespace

std::unique_ptr<Child> spawn_thread(ThreadMain main) {
  return std::make_unique<ChildThread>(make_socket_pair(), std::move(main));
}

}  // namespace assay::ipc
