#include "harness/run/worker_handle.h"

#include <fmt/format.h>

#include <csignal>

#include "harness/model/finding_codes.h"

namespace assay::run {
namespace {

constexpr std::size_t kReadAtOnce = 1 << 16;

}  // namespace

WorkerHandle::WorkerHandle(std::unique_ptr<ipc::Child> child, Assignment assignment, Time deadline)
    : child_(std::move(child)), assignment_(std::move(assignment)), deadline_(deadline) {}

void WorkerHandle::read() {
  if (!channel_open_) return;
  channel_open_ = ipc::read_available(child_->fd(), decoder_, kReadAtOnce);
  if (!channel_open_) torn_ = decoder_.mid_frame();
}

std::optional<nlohmann::json> WorkerHandle::next() {
  if (stopped()) return std::nullopt;  // a worker that was given up is not listened to
  try {
    auto message = decoder_.next();
    if (!message) return std::nullopt;
    if (message->contains("done")) done_ = true;
    if (!message->contains("progress")) ++frames_;  // hours of work report progress for hours
    if (frames_ > kMaxFramesPerStep || decoder_.bytes_fed() > kMaxBytesPerStep) {
      stop(codes::pipe_flood,
           phrase("it sent more than {} messages or {} MiB", "发送超过 {} 条消息或 {} MiB", kMaxFramesPerStep,
                  kMaxBytesPerStep >> 20),
           std::chrono::steady_clock::now());
      return std::nullopt;
    }
    return message;
  } catch (const ipc::ProtocolError& error) {
    stop(codes::protocol, error.what(), std::chrono::steady_clock::now());
    return std::nullopt;
  }
}

void WorkerHandle::stop(const FindingCode& symptom, const Phrase& why, Time now) {
  if (stopped() || ending_ || lost_) return;
  stop_symptom_ = symptom;
  stop_why_ = why;
  resting_ = false;
  deadline_.stopped(now);
  child_->signal(SIGTERM);
}

void WorkerHandle::deadline_passed(Time now) {
  stop(codes::step_timeout, {"it did not finish within its deadline", "未在时限内完成"}, now);
}

bool WorkerHandle::over(Time now) {
  if (ending_ || lost_) return true;
  if (!channel_open_ || stopped()) {
    ending_ = child_->ended();
    if (ending_) return true;
  }
  switch (deadline_.due(now)) {
    case WorkerDeadline::Due::nothing:
      break;
    case WorkerDeadline::Due::stop:
      deadline_passed(now);
      break;
    case WorkerDeadline::Due::kill:
      stop_why_ += {"; SIGTERM did not end it", "；SIGTERM 未能终止它"};
      child_->signal(SIGKILL);
      break;
    case WorkerDeadline::Due::give_up:
      lost_ = true;
      stop_why_ += {"; SIGKILL did not end it either", "；SIGKILL 也未能终止它"};
      break;
  }
  return lost_;
}

void WorkerHandle::rest() {
  resting_ = true;
  deadline_.suspend();
}

void WorkerHandle::go_on(Time deadline) {
  resting_ = false;
  deadline_.set_deadline(deadline);
}

bool WorkerHandle::ended_from_outside() const {
  return !stopped() && ending_ && ending_->how == ipc::Ending::How::signalled && ending_->code == SIGTERM;
}

void WorkerHandle::ended_with_the_run() {
  stop_symptom_ = codes::interrupted;
  stop_why_ = {"the run was interrupted", "运行被中断"};
}

std::optional<Error> WorkerHandle::failure() const {
  const Part& part = this->part();
  const std::string ended = ending_ ? ending_->describe() : ipc::Ending{ipc::Ending::How::lost}.describe();
  const auto error = [&](const FindingCode& symptom, const Phrase& why) {
    return Error::of(symptom, why, part, ended);
  };
  if (lost_) return error(codes::worker_unkillable, stop_why_);
  if (stopped()) return error(stop_symptom_, stop_why_);
  if (ending_->how == ipc::Ending::How::signalled) {
    const char* symptom = ending_->out_of_memory     ? codes::out_of_memory
                          : ending_->code == SIGKILL ? codes::worker_lost
                                                     : codes::worker_crashed;
    return error(symptom, {"the worker died", "工作进程崩溃"});
  }
  if (torn_)
    return error(codes::protocol,
                 {"the worker ended in the middle of a message", "工作进程在一条消息中途退出"});
  if (!done_ || ending_->code != 0)
    return error(codes::worker_exit, {"the worker ended before it was done", "工作进程未完成即退出"});
  return std::nullopt;
}

}  // namespace assay::run
