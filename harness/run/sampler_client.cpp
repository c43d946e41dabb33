#include "harness/run/sampler_client.h"

#include <poll.h>

#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "harness/kernel_log/meaning.h"

namespace assay::run {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kOpenTimeoutMs = 30'000;  // nvmlInit on a node whose driver was just loaded takes seconds
// A snapshot waits at most kCallTimeoutMs for wedged GPUs; the rest is for a busy machine.
constexpr int kSnapshotTimeoutMs = telemetry::kCallTimeoutMs + 10'000;
constexpr int kEndTimeoutMs = 2'000;

}  // namespace

SamplerClient SamplerClient::start(const telemetry::SamplerStart& start, const ipc::ChildFiles& files,
                                   EventCatalogue catalogue) {
  ipc::ChildFiles deaf = files;
  deaf.deaf = true;
  SamplerClient client(ipc::spawn_process("__sampler", deaf), std::move(catalogue));
  const auto answer = client.ask(start, kOpenTimeoutMs);
  if (!answer) throw NoManagementLibrary("the management library did not open: " + client.why_lost_);
  if (answer->contains("failed"))
    throw NoManagementLibrary(answer->at("failed").at("why").get<std::string>());
  return client;
}

void SamplerClient::record(const std::string& path, double hz, const std::map<std::string, Part>& parts) {
  const auto answer = ask({{"record", {{"path", path}, {"hz", hz}, {"parts", parts}}}}, kSnapshotTimeoutMs);
  if (answer && answer->contains("failed")) lose(answer->at("failed").at("why").get<std::string>());
}

std::optional<telemetry::Snapshot> SamplerClient::snapshot() {
  const auto answer = ask({{"snapshot", nlohmann::json::object()}}, kSnapshotTimeoutMs);
  if (!answer) return std::nullopt;
  if (!answer->contains("snapshot")) {
    lose(answer->value("/failed/why"_json_pointer, std::string("it answered something else")));
    return std::nullopt;
  }
  auto snapshot = answer->at("snapshot").get<telemetry::Snapshot>();
  for (KernelEvent& event : snapshot.events) kernel_log::interpret(event, catalogue_);
  NodeReadings& readings = snapshot.readings;
  for (KernelEvent& event : readings.events_before) kernel_log::interpret(event, catalogue_);
  before_.add(std::move(readings.events_before), readings.more_events_before);
  readings.events_before = before_.events();
  readings.more_events_before = before_.more();
  return snapshot;
}

std::optional<double> SamplerClient::mean_power_w(const std::string& pci_address, Nanoseconds until) {
  const auto answer = ask({{"power", {{"of", pci_address}, {"until", until}}}}, kSnapshotTimeoutMs);
  if (!answer || !answer->contains("power") || !answer->at("power").is_number()) return std::nullopt;
  return answer->at("power").get<double>();
}

std::string SamplerClient::finish() {
  if (!child_) return "";
  const auto answer = ask({{"finish", nlohmann::json::object()}}, kSnapshotTimeoutMs);
  if (!answer) return why_lost_;
  const auto give_up = steady_clock::now() + milliseconds(kEndTimeoutMs);
  while (!child_->ended() && steady_clock::now() < give_up) std::this_thread::sleep_for(milliseconds(1));
  child_.reset();
  return answer->value("/failed/why"_json_pointer, std::string());
}

void SamplerClient::notice_end() {
  if (!child_) return;
  try {
    if (ipc::read_available(child_->fd(), decoder_, 1 << 16)) return;
    lose("it closed its channel");
  } catch (const ipc::ProtocolError& error) {
    lose(error.what());
  }
}

std::optional<nlohmann::json> SamplerClient::ask(const nlohmann::json& message, int timeout_ms) {
  if (!child_) return std::nullopt;
  try {
    child_->send(message);
    const auto give_up = steady_clock::now() + milliseconds(timeout_ms);
    for (;;) {
      if (auto answer = decoder_.next()) return answer;
      const auto left = std::chrono::duration_cast<milliseconds>(give_up - steady_clock::now()).count();
      pollfd entry{child_->fd(), POLLIN, 0};
      if (left <= 0 || poll(&entry, 1, static_cast<int>(left)) == 0) {
        lose("no answer within " + std::to_string(timeout_ms / 1000) + " s");
        return std::nullopt;
      }
      if ((entry.revents & (POLLIN | POLLHUP)) != 0 &&
          !ipc::read_available(child_->fd(), decoder_, 1 << 16)) {
        lose("it closed its channel");
        return std::nullopt;
      }
    }
  } catch (const ipc::ProtocolError& error) {
    lose(error.what());
    return std::nullopt;
  }
}

void SamplerClient::lose(const std::string& why) {
  why_lost_ = why;
  const auto give_up =
      steady_clock::now() + milliseconds(200);  // a process that was just killed is reaped in no time
  auto ending = child_->ended();
  while (!ending && steady_clock::now() < give_up) {
    std::this_thread::sleep_for(milliseconds(1));
    ending = child_->ended();
  }
  if (ending) {
    why_lost_ = ending->describe();
  } else {
    child_->signal(SIGKILL);
  }
  child_.reset();
}

}  // namespace assay::run
