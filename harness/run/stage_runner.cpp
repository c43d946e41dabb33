#include "harness/run/stage_runner.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "harness/node_sim/plant.h"
#include "harness/telemetry/attribution.h"
#include "harness/telemetry/measures.h"

namespace assay::run {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Not a finding: a rank that was stopped because another one is gone.
constexpr const char* kVictimOfAnotherRank = "rank_stopped";

constexpr double kIdlePollS = 1;  // the utilisation counter's own period
constexpr milliseconds kPollTimeout{100};
constexpr milliseconds kReapPoll{2};  // a channel has closed and its process is about to end

record::Measurement measurement_from(const json& m) {
  record::Measurement result;
  m.at("name").get_to(result.name);
  m.at("unit").get_to(result.unit);
  m.at("part").get_to(result.part);
  result.source = "check";
  const json& value = m.at("value");
  if (value.is_number()) {
    result.value = value.get<double>();
  } else {
    result.value = value.get<std::string>();
  }
  if (!is_valid_part(result.part)) throw ProtocolError("a measurement of part '" + result.part + "'");
  return result;
}

}  // namespace

StageRunner::StageRunner(const RunServices& services, telemetry::Ledger ledger)
    : services_(services), ledger_(std::move(ledger)), idle_budget_s_(services.plan.idle_timeout_s) {}

bool StageRunner::run(const Stage& stage, const std::vector<Part>& parts, Attempt attempt) {
  if (stage.scope != Scope::gpu_serial) return run_together(stage, parts, attempt);
  for (const Part& part : parts) {
    if (!run_together(stage, {part}, attempt)) return false;
  }
  return true;
}

bool StageRunner::run_together(const Stage& stage, const std::vector<Part>& parts, Attempt attempt) {
  services_.progress.stage_started(stage, attempt.number);
  std::vector<Busy> busy;
  const bool idle = stage.scope == Scope::node ? snapshot() : wait_until_idle(busy);
  steps_.clear();
  for (const Part& part : parts) {
    steps_.push_back({step_id(services_.plan, stage, part, attempt.number), part, false});
    services_.journal.step_start(steps_.back().id, stage.check, part, stage.index, attempt.number);
  }
  const bool sampler_lost = !services_.sampler.alive();
  if (interrupted_) {
    fail_all({record::kInterrupted, "the run was interrupted", "", ""});
  } else if (sampler_lost && stage.scope == Scope::node) {
    note_lost_sampler();  // such a check looks at readings, and there are no fresh ones
  } else if (!idle && !sampler_lost) {
    for (const Busy& who : busy) fail_all({who.symptom, who.message, who.part, ""});
  } else {
    start_workers(stage, attempt.measurement);
    serve_workers();
    if (stage.scope != Scope::node) record_telemetry(stage);
  }
  end_steps();
  return !interrupted_;
}

bool StageRunner::snapshot() {
  auto fresh = services_.sampler.snapshot();
  if (!fresh) {
    services_.node.sampler_gone();
    return false;
  }
  ledger_.add(std::move(*fresh));
  return true;
}

bool StageRunner::wait_until_idle(std::vector<Busy>& who) {
  for (;;) {
    interrupted_ = interrupted_ || services_.interrupt.requested();
    if (interrupted_ || !snapshot()) return false;
    who = busy(services_.plan, ledger_.latest().readings);
    if (who.empty()) return true;
    if (idle_budget_s_ <= 0) return false;
    if (idle_budget_s_ == services_.plan.idle_timeout_s) {
      services_.progress.note("waiting for an idle node: " + who.front().message);
    }
    idle_budget_s_ -= kIdlePollS;
    services_.node.clock().sleep_for(static_cast<Nanoseconds>(kIdlePollS * kSecond));
  }
}

void StageRunner::start_workers(const Stage& stage, int measurement) {
  workers_.clear();
  const auto now = steady_clock::now();
  const auto deadline = now + milliseconds(static_cast<long>(stage.deadline_s * 1000));
  const std::vector<Part> parts = stage.scope == Scope::ranks ? stage.parts : [this] {
    std::vector<Part> own;
    for (const Step& step : steps_) own.push_back(step.part);
    return own;
  }();
  exchange_.assign(parts.size(), std::nullopt);
  int rank = 0;
  for (const Part& part : parts) {
    if (hung_gpus_.count(part) != 0) {
      for (Step& step : steps_) {
        if (step.part == part)
          fail_step(step,
                    {"harness.worker_unkillable", "left out: an earlier worker still hangs on it", part, ""});
      }
      continue;
    }
    Assignment assignment;
    assignment.check = stage.check;
    assignment.part = part;
    const PlannedSlot* slot = slot_of(part);
    if (slot != nullptr) assignment.pci_address = slot->pci_address;
    assignment.seed = sim::hash_text(services_.plan.seed,
                                     fmt::format("{}/{}/{}/{}", stage.index, stage.check, part, measurement));
    assignment.duration_s = stage.duration_s;
    if (stage.scope == Scope::ranks) {
      assignment.rank = rank++;
      assignment.ranks = static_cast<int>(parts.size());
    }
    assignment.node = services_.node.new_worker_address();
    for (const PlannedSlot& s : services_.plan.slots) assignment.slots.emplace_back(s.part, s.pci_address);
    assignment.readings = ledger_.latest().readings;
    auto child =
        services_.thread_workers ? spawn_worker_thread() : spawn_process("__worker", services_.child_files);
    workers_.push_back(std::make_unique<WorkerHandle>(std::move(child), std::move(assignment), deadline));
  }
  for (auto& worker : workers_) {
    try {
      worker->child().send(worker->assignment());
    } catch (const ProtocolError&) {  // it died at once: how, is seen when it is reaped
    }
  }
}

void StageRunner::serve_workers() {
  if (!workers_.empty()) services_.node.let_time_pass();
  while (!workers_.empty()) poll_once();
}

void StageRunner::poll_once() {
  std::vector<pollfd> entries;
  milliseconds timeout = kPollTimeout;
  const auto now = steady_clock::now();
  for (const auto& worker : workers_) {
    entries.push_back({worker->fd(), POLLIN, 0});
    if (worker->fd() < 0) timeout = kReapPoll;
    const auto left = std::chrono::duration_cast<milliseconds>(worker->next_deadline() - now);
    timeout = std::max(milliseconds(0), std::min(timeout, left + milliseconds(1)));
  }
  entries.push_back({services_.sampler.fd(), POLLIN, 0});
  entries.push_back({services_.interrupt.fd(), POLLIN, 0});
  poll(entries.data(), entries.size(), static_cast<int>(timeout.count()));

  if ((entries[workers_.size()].revents & (POLLIN | POLLHUP)) != 0) {
    services_.sampler.notice_end();
    if (!services_.sampler.alive()) services_.node.sampler_gone();
  }
  if (!interrupted_ && services_.interrupt.requested()) {
    interrupted_ = true;
    for (auto& worker : workers_)
      worker->stop(record::kInterrupted, "the run was interrupted", steady_clock::now());
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if ((entries[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    workers_[i]->read();
    while (auto message = workers_[i]->next()) handle(*workers_[i], *message);
  }
  for (std::size_t i = workers_.size(); i-- > 0;) {
    if (workers_[i]->over(steady_clock::now())) worker_ended(i);
  }
}

void StageRunner::handle(WorkerHandle& worker, const json& message) {
  Step& step = step_of(worker);
  try {
    if (const auto m = message.find("measure"); m != message.end()) {
      const auto measurement = measurement_from(*m);
      const std::string check = worker.assignment().check;
      services_.journal.measurement(step.id, measurement, limits_of(check, measurement.name));
    } else if (const auto e = message.find("error"); e != message.end()) {
      worker.reported_error = true;
      fail_step(step, {e->at("symptom").get<std::string>(), e->at("message").get<std::string>(),
                       worker.assignment().part, ""});
    } else if (const auto v = message.find("evidence"); v != message.end()) {
      services_.journal.evidence(step.id, {v->at("name").get<std::string>(), v->at("content")});
    } else if (const auto p = message.find("progress"); p != message.end()) {
      services_.progress.part_progress(worker.assignment().part, p->at("fraction").get<double>());
    } else if (const auto l = message.find("log"); l != message.end()) {
      services_.journal.log(step.id, record::LogSeverity::info, l->at("message").get<std::string>());
    } else if (const auto x = message.find("exchange"); x != message.end()) {
      handle_exchange(worker, *x);
    } else if (!message.contains("done")) {
      throw ProtocolError("a message of no known kind");
    }
  } catch (const json::exception& error) {
    worker.stop("harness.protocol", error.what(), steady_clock::now());
  } catch (const ProtocolError& error) {
    worker.stop("harness.protocol", error.what(), steady_clock::now());
  }
}

void StageRunner::handle_exchange(WorkerHandle& worker, const json& message) {
  const int rank = worker.assignment().rank;
  if (rank < 0) throw ProtocolError("an exchange outside scope ranks");
  exchange_[static_cast<std::size_t>(rank)] = message.at("blob").get<std::string>();
  const bool all =
      std::all_of(exchange_.begin(), exchange_.end(), [](const auto& blob) { return blob.has_value(); });
  if (!all) {
    services_.node.worker_waits(worker.assignment().node);
    return;
  }
  json blobs = json::array();
  for (auto& blob : exchange_) blobs.push_back(*std::exchange(blob, std::nullopt));
  for (auto& other : workers_) {
    services_.node.worker_resumes(other->assignment().node);
    try {
      other->child().send({{"exchange", blobs}});
    } catch (const ProtocolError&) {  // it died meanwhile: seen when it is reaped
    }
  }
}

void StageRunner::worker_ended(std::size_t index) {
  const std::unique_ptr<WorkerHandle> worker = std::move(workers_[index]);
  workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
  if (workers_.empty()) services_.node.hold_time();
  services_.node.worker_gone(worker->assignment().node, worker->assignment().part);
  if (worker->lost()) hung_gpus_.insert(worker->assignment().part);
  auto failure = worker->failure();
  if (worker->assignment().rank >= 0) failure = judge_rank(*worker, std::move(failure));
  if (failure) fail_step(step_of(*worker), *failure);
}

std::optional<record::Error> StageRunner::judge_rank(const WorkerHandle& worker,
                                                     std::optional<record::Error> failure) {
  const bool waited = exchange_[static_cast<std::size_t>(worker.assignment().rank)].has_value();
  const bool others_waited =
      std::any_of(exchange_.begin(), exchange_.end(), [](const auto& b) { return b.has_value(); });
  if (!failure && others_waited && !worker.reported_error) {
    failure = record::Error{"harness.rank_missing", "it ended while the others waited for it",
                            worker.assignment().part, ""};
  }
  if (failure || others_waited) {
    for (auto& other : workers_)
      other->stop(kVictimOfAnotherRank, "another rank is gone", steady_clock::now());
  }
  if (!failure || failure->symptom == kVictimOfAnotherRank) return std::nullopt;
  if (failure->symptom == "harness.step_timeout") {
    if (waited) return std::nullopt;  // it was there: whoever it waited for was not
    if (others_waited) failure->symptom = "harness.rank_missing";
  }
  return failure;
}

void StageRunner::record_telemetry(const Stage& stage) {
  if (!snapshot()) {
    note_lost_sampler();
    return;
  }
  record_stray_events();  // before the marks: they say that all before them has been written
  for (Step& step : steps_) {
    const std::vector<Part> gpus = stage.scope == Scope::ranks ? stage.parts : std::vector<Part>{step.part};
    for (const Part& gpu : gpus) {
      const PlannedSlot* slot = slot_of(gpu);
      if (slot == nullptr || slot->pci_address.empty()) continue;
      services_.journal.at_once([&] { record_telemetry_of(step, *slot); });
    }
  }
}

void StageRunner::record_telemetry_of(Step& step, const PlannedSlot& slot) {
  const auto [seen, mark] = ledger_.attribute(slot.part, slot.pci_address);
  for (const auto& measurement : seen.measurements) {
    services_.journal.measurement(step.id, measurement,
                                  limits_of(telemetry::kTelemetryCheck, measurement.name));
  }
  for (const auto& evidence : seen.evidence) services_.journal.evidence(step.id, evidence);
  for (const auto& error : seen.errors) fail_step(step, error);
  services_.journal.mark(step.id, mark);
}

void StageRunner::record_stray_events() {
  std::vector<std::string> planned;
  for (const PlannedSlot& slot : services_.plan.slots) planned.push_back(slot.pci_address);
  for (const telemetry::KernelEvent& event : ledger_.take_strays(planned)) {
    if (event.kind == telemetry::KernelEvent::Kind::nvswitch) {
      const Part part = fmt::format("nvswitch{}", event.nvswitch);
      if (event.fatal)
        services_.journal.run_error({"nvswitch.fatal", event.line, part, ""});
      else
        services_.journal.run_log(record::LogSeverity::warning, event.line);
    } else {
      services_.journal.run_error(
          {"device.xid_fatal", event.line + " (a GPU in no slot of the SKU)", "node", ""});
    }
  }
}

void StageRunner::look(int number) {
  Stage look;
  look.index = static_cast<int>(services_.plan.stages.size()) + number;
  look.check = telemetry::kTelemetryCheck;
  for (const PlannedSlot& slot : services_.plan.slots) {
    if (!slot.pci_address.empty()) look.parts.push_back(slot.part);
  }
  steps_.clear();
  for (const Part& part : look.parts) {
    steps_.push_back({step_id(services_.plan, look, part, 1), part, false});
    services_.journal.step_start(steps_.back().id, look.check, part, look.index, 1);
  }
  record_telemetry(look);
  end_steps();
}

void StageRunner::note_lost_sampler() {
  fail_all({"harness.telemetry_lost", "the sampler " + services_.sampler.why_lost(), "harness", ""});
  services_.node.sampler_gone();
}

void StageRunner::fail_all(const record::Error& error) {
  for (Step& step : steps_) fail_step(step, error);
}

void StageRunner::fail_step(Step& step, const record::Error& error) {
  services_.journal.error(step.id, error);
  step.failed = true;
}

void StageRunner::end_steps() {
  int failed = 0;
  for (const Step& step : steps_) {
    services_.journal.step_end(step.id, step.failed ? record::Status::error : record::Status::complete);
    failed += step.failed ? 1 : 0;
  }
  record_stray_events();
  services_.journal.sync();
  services_.progress.stage_ended(failed);
}

StageRunner::Step& StageRunner::step_of(const WorkerHandle& worker) {
  for (Step& step : steps_) {
    if (step.part == worker.assignment().part) return step;
  }
  return steps_.front();  // scope ranks: one step for all
}

std::vector<Limit> StageRunner::limits_of(const std::string& check, const std::string& measurement) const {
  std::vector<Limit> result;
  for (const Limit& limit : services_.criteria.limits) {
    if (limit.check == check && limit.measurement == measurement) result.push_back(limit);
  }
  return result;
}

const PlannedSlot* StageRunner::slot_of(const Part& part) const {
  for (const PlannedSlot& slot : services_.plan.slots) {
    if (slot.part == unit_of(part)) return &slot;
  }
  return nullptr;
}

}  // namespace assay::run
