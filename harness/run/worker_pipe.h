// A worker's end of its channel, shared by its bodies.
#pragma once

#include <mutex>
#include <string>

#include <nlohmann/json.hpp>

#include "harness/ipc/channel.h"

namespace assay::run {

class WorkerPipe {
 public:
  /// `bodies`: how many speak.
  WorkerPipe(ipc::Channel& channel, std::size_t bodies) : channel_(channel), bodies_(bodies) {}

  /// Each throws ipc::ProtocolError when the supervisor is gone.
  void send(std::size_t body, const char* kind, nlohmann::json content);
  void send_raw(const std::string& bytes);
  /// Sends, and waits for the answer {answer: ...}. Only the first body may ask: of several whose the answer
  /// is could not be told. Throws std::logic_error for others.
  nlohmann::json ask(std::size_t body, const char* kind, nlohmann::json content, const char* answer);
  /// Whether such a message has come by itself. Does not wait for it. For the first body alone.
  bool was_told(const char* kind);

 private:
  /// What the supervisor says next. Throws ipc::ProtocolError when it is gone.
  nlohmann::json next();

  std::mutex mutex_;
  ipc::Channel& channel_;
  std::size_t bodies_;
  nlohmann::json told_ = nlohmann::json::object();  // without having been asked
};

/// Of a message to the ranks that are left: one has ended before its work was done.
inline constexpr const char* kGone = "gone";

}  // namespace assay::run
