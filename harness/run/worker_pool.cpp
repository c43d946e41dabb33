#include "harness/run/worker_pool.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "harness/base/parse_json.h"
#include "harness/model/finding_codes.h"
#include "harness/run/crew_meeting.h"
#include "harness/run/worker_messages.h"
#include "harness/run/worker_pipe.h"

namespace assay::run {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPollTimeout{100};
constexpr Nanoseconds kTimeToEnd = 5 * kSecond;
constexpr milliseconds kOwnSignal{
    500};  // for which it is waited: a job of thousands of processes is signalled in that
constexpr milliseconds kReapPoll{2};  // a channel has closed and its process is about to end

Resident resident_of(WorkerHandle& worker) {
  const pid_t pid = worker.child().pid();
  std::vector<Part> gpus;
  for (const Device& device : worker.assignment().devices) gpus.push_back(device.slot);
  return {pid == 0 ? getpid() : pid, std::move(gpus)};
}

}  // namespace

void WorkerPool::serve() {
  while (!all_rest()) {
    node_.let_time_pass(next_node_deadline());
    poll_once();
  }
}

Nanoseconds WorkerPool::next_node_deadline() const {
  Nanoseconds next = kForever;
  for (const auto& crew : crews_) {
    for (const auto& worker : crew->workers) {
      if (worker->resting()) continue;
      // One that is stopped may need some of the node's time to end; not all that passes until it is killed.
      const Nanoseconds more = worker->stopped() ? kTimeToEnd : 0;
      next = std::min(next, std::min(crew->node_deadline, kForever - more) + more);
      next = std::min(next, crew->exchange_node_deadline);
    }
  }
  return next;
}

void WorkerPool::hold_time_if_all_rest() {
  if (all_rest()) node_.hold_time();
}

bool WorkerPool::all_rest() const {
  return std::all_of(crews_.begin(), crews_.end(), [](const auto& crew) { return crew->rests(); });
}

void WorkerPool::note_interrupt() {
  if (interrupted_ || !interrupt_.requested()) return;
  interrupted_ = true;
  for (const auto& crew : crews_) {
    for (const auto& worker : crew->workers)
      worker->stop(codes::interrupted, {"the run was interrupted", "运行被中断"}, steady_clock::now());
  }
}

void WorkerPool::poll_once() {
  std::vector<pollfd> entries;
  milliseconds timeout = kPollTimeout;
  const auto now = steady_clock::now();
  for (const auto& crew : crews_) {
    for (const auto& worker : crew->workers) {
      entries.push_back({worker->fd(), POLLIN, 0});
      if (worker->fd() < 0) timeout = std::min(timeout, kReapPoll);
      if (worker->next_deadline() > now + timeout) continue;
      const auto left = std::chrono::duration_cast<milliseconds>(worker->next_deadline() - now);
      timeout = std::max(milliseconds(0), left + milliseconds(1));
    }
  }
  const std::size_t workers = entries.size();
  entries.push_back({sampler_.fd(), POLLIN, 0});
  entries.push_back({interrupt_.fd(), POLLIN, 0});
  poll(entries.data(), entries.size(), static_cast<int>(timeout.count()));

  if ((entries[workers].revents & (POLLIN | POLLHUP)) != 0) {
    sampler_.notice_end();
    if (!sampler_.alive()) node_.sampler_gone();
  }
  note_interrupt();
  std::size_t entry = 0;
  for (const auto& crew : crews_) {
    for (const auto& worker : crew->workers) {
      if ((entries[entry++].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      worker->read();
      while (auto message = worker->next()) handle(*crew, *worker, *message);
    }
  }
  for (const auto& crew : crews_) {
    if (steady_clock::now() >= crew->exchange_deadline || node_.time_is_up(crew->exchange_node_deadline))
      stop_who_has_not_come(*crew);
    if (steady_clock::now() >= crew->last_words_until) stop_all(*crew);
    const bool time_is_up = node_.time_is_up(crew->node_deadline);
    for (std::size_t i = crew->workers.size(); i-- > 0;) {
      if (time_is_up && !crew->workers[i]->resting()) crew->workers[i]->deadline_passed(steady_clock::now());
      if (crew->workers[i]->over(steady_clock::now())) worker_ended(*crew, i);
    }
  }
}

void WorkerPool::handle(Crew& crew, WorkerHandle& worker, const json& message) {
  try {
    take(crew, worker, message);
  } catch (const json::exception& error) {
    worker.stop(codes::protocol, error.what(), steady_clock::now());
  } catch (const ipc::ProtocolError& error) {
    worker.stop(codes::protocol, error.what(), steady_clock::now());
  } catch (const JsonError& error) {
    worker.stop(codes::protocol, error.what(), steady_clock::now());
  } catch (const std::logic_error& error) {  // bytes that are no hexadecimal text, a rank that comes twice
    worker.stop(codes::protocol, error.what(), steady_clock::now());
  }
}

void WorkerPool::take(Crew& crew, WorkerHandle& worker, const json& message) {
  OpenStep& step = step_of(crew, message);
  if (const auto m = message.find("measure"); m != message.end()) {
    journal_.measurement(step, step.check, measurement_from(*m));
  } else if (const auto e = message.find("error"); e != message.end()) {
    if (e->at("symptom") == codes::interrupted)
      throw ipc::ProtocolError("an interruption that it claims itself");
    worker.reported_error = true;
    const bool of_who_meets = message.value("body", 0) == 0;
    if (crew.has_last_words && of_who_meets) limit_last_words(crew);
    journal_.fail(step, {e->at("symptom").get<std::string>(), e->at("message").get<std::string>(),
                         part_of(crew, worker, *e), ""});
  } else if (const auto v = message.find("evidence"); v != message.end()) {
    journal_.evidence(step, evidence_from(*v));
  } else if (const auto a = message.find("attach"); a != message.end()) {
    journal_.attachment(step, a->at("name").get<std::string>(), a->at("type").get<std::string>(),
                        a->at("file").get<std::string>());
  } else if (const auto p = message.find("progress"); p != message.end()) {
    progress_.part_progress(worker.part(), worker.assignment().rank, p->at("fraction").get<double>());
  } else if (const auto l = message.find("log"); l != message.end()) {
    journal_.log(step, l->at("message").get<std::string>());
  } else if (const auto x = message.find("exchange"); x != message.end()) {
    bring_to_exchange(crew, worker, *x, journal_, node_);
  } else if (message.contains("stay")) {
    let_stay(crew, worker);
  } else if (message.contains("look_again")) {
    look_again(worker);
  } else if (const auto w = message.find("power"); w != message.end()) {
    tell_power(worker, w->at("until").get<Nanoseconds>());
  } else if (!message.contains("done")) {
    throw ipc::ProtocolError("a message of no known kind");
  }
}

/// Where the sampler is lost, nobody answers: the step ends with that as its reason.
void WorkerPool::look_again(WorkerHandle& worker) {
  if (counters_.snapshot()) return send(worker, {{"readings", counters_.readings()}});
  const Error loss = counters_.loss();
  worker.stop(loss.symptom, loss.message, steady_clock::now());
}

/// A lost sampler knows nothing, and is noticed where it is needed.
void WorkerPool::tell_power(WorkerHandle& worker, Nanoseconds until) {
  const std::vector<Device>& devices = worker.assignment().devices;
  const auto watts =
      devices.size() == 1 ? counters_.mean_power_w(devices.front().pci_address, until) : std::nullopt;
  send(worker, {{"power", watts ? json(*watts) : json()}});
}

void WorkerPool::let_stay(const Crew& crew, WorkerHandle& worker) {
  if (crew.placement->last_stage <= crew.stage->index) {
    send(worker, {{"go_on", json::object()}});
    return;
  }
  worker.rest();
  hold_time_if_all_rest();
  node_.worker_waits(worker.assignment().node);
}

void WorkerPool::wake(int stage) {
  for (const auto& crew : crews_) {
    if (crew->placement->last_stage > stage) continue;
    const auto deadline =
        steady_clock::now() + milliseconds(static_cast<long>(crew->stage->deadline_s * 1000));
    crew->node_deadline = node_deadline_of(*crew->stage, node_);
    for (const auto& worker : crew->workers) {
      if (!worker->resting()) continue;
      node_.worker_resumes(worker->assignment().node);
      worker->go_on(deadline);
      send(*worker, {{"go_on", json::object()}});
    }
  }
}

std::vector<Crew*> WorkerPool::resting(const Stage& stage) const {
  std::vector<Crew*> found;
  for (const auto& crew : crews_) {
    if (!crew->over() && crew->rests() && crew->stage == &stage) found.push_back(crew.get());
  }
  return found;
}

Crews WorkerPool::take_over() {
  const auto first =
      std::stable_partition(crews_.begin(), crews_.end(), [](const auto& crew) { return !crew->over(); });
  Crews over(std::make_move_iterator(first), std::make_move_iterator(crews_.end()));
  crews_.erase(first, crews_.end());
  return over;
}

std::vector<Resident> WorkerPool::residents() const {
  std::vector<Resident> all = hung_;
  for (const auto& crew : crews_) {
    for (const auto& worker : crew->workers) {
      // One that died meanwhile, and is not reaped yet, would excuse somebody else's process.
      if (!worker->child().ended()) all.push_back(resident_of(*worker));
    }
  }
  return all;
}

bool WorkerPool::hangs(const Part& gpu) const {
  return std::any_of(hung_.begin(), hung_.end(), [&](const Resident& resident) {
    return std::find(resident.gpus.begin(), resident.gpus.end(), gpu) != resident.gpus.end();
  });
}

void WorkerPool::wait_for_own_signal(WorkerHandle& worker) {
  pollfd own{interrupt_.fd(), POLLIN, 0};
  poll(&own, 1, static_cast<int>(kOwnSignal.count()));
  note_interrupt();
  if (interrupted_) worker.ended_with_the_run();
}

void WorkerPool::worker_ended(Crew& crew, std::size_t index) {
  const std::unique_ptr<WorkerHandle> worker = std::move(crew.workers[index]);
  crew.workers.erase(crew.workers.begin() + static_cast<std::ptrdiff_t>(index));
  const Assignment& assignment = worker->assignment();
  if (worker->ended_from_outside()) wait_for_own_signal(*worker);
  hold_time_if_all_rest();
  const auto why = worker->failure();
  auto error = crew.exchange.ended(static_cast<std::size_t>(assignment.rank), worker->part(), why,
                                   worker->reported_error);
  // It waited to its deadline: who did not come is why, and no victim.
  if (why && why->symptom == codes::step_timeout &&
      crew.exchange.waits(static_cast<std::size_t>(assignment.rank)))
    stop_who_has_not_come(crew);
  // Before its seat at the clock is free: else the others' time could be up before they read it.
  const bool broken_off = why || error || crew.exchange.anybody_waits();
  if (broken_off || (worker->reported_error && crew.has_last_words)) lose_one(crew);
  node_.worker_gone(assignment.node, worker->child().pid());
  std::vector<Resident>& gone = worker->lost() ? hung_ : ended_;
  gone.push_back(resident_of(*worker));
  gone.back().hung = worker->lost();
  gone.back().ended = !worker->lost();
  if (!error) return;
  const std::string rank = name_of_rank(assignment, static_cast<std::size_t>(assignment.rank));
  error->message = rank + error->message;
  if (!error->chinese.empty()) error->chinese = rank + error->chinese;
  for (OpenStep& step : crew.steps) journal_.fail(step, *error);
}

}  // namespace assay::run
