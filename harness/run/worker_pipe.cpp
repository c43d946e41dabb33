#include "harness/run/worker_pipe.h"

#include <stdexcept>
#include <utility>

namespace assay::run {

void WorkerPipe::send(std::size_t body, const char* kind, nlohmann::json content) {
  nlohmann::json message;
  message[kind] = std::move(content);
  if (bodies_ > 1) message["body"] = body;
  const std::lock_guard lock(mutex_);
  channel_.send(message);
}

void WorkerPipe::send_raw(const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  channel_.send_raw(bytes);
}

nlohmann::json WorkerPipe::ask(std::size_t body, const char* kind, nlohmann::json content,
                               const char* answer) {
  if (body > 0) throw std::logic_error(std::string(kind) + " is for the first check of a process");
  send(body, kind, std::move(content));
  for (;;) {
    nlohmann::json reply = next();
    if (!reply.contains(kGone)) return reply.at(answer);
    told_.update(reply);
  }
}

bool WorkerPipe::was_told(const char* kind) {
  while (!told_.contains(kind) && channel_.wait(0)) told_.update(next());
  return told_.contains(kind);
}

nlohmann::json WorkerPipe::next() {
  auto message = channel_.receive();
  if (!message) throw ipc::ProtocolError("the supervisor is gone");
  return std::move(*message);
}

}  // namespace assay::run
