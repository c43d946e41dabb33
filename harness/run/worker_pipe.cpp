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

nlohmann::json WorkerPipe::ask(const char* kind, nlohmann::json content, const char* answer) {
  if (bodies_ > 1) throw std::logic_error(std::string(kind) + " is for a check that is alone in its process");
  send(0, kind, std::move(content));
  const auto reply = channel_.receive();
  if (!reply) throw ipc::ProtocolError("the supervisor is gone");
  return reply->at(answer);
}

}  // namespace assay::run
