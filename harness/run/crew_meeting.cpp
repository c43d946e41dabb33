#include "harness/run/crew_meeting.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/hex.h"
#include "harness/model/finding_codes.h"
#include "harness/run/worker_pipe.h"

namespace assay::run {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr double kMostExchange_s = 3600;

void no_exchange_deadline(Crew& crew) {
  crew.exchange_deadline = WorkerDeadline::Time::max();
  crew.exchange_node_deadline = kForever;
}

/// NCCL answers within ten seconds what it knows of its ranks (ras/ras_internal.h); then they are aborted,
/// which may hang as well.
constexpr milliseconds kLastWords{15'000};

bool all_wait(const Crew& crew) {
  return std::all_of(crew.workers.begin(), crew.workers.end(), [&](const auto& worker) {
    return crew.exchange.waits(static_cast<std::size_t>(worker->assignment().rank));
  });
}

}  // namespace

std::string name_of_rank(const Assignment& of_its_crew, std::size_t rank) {
  return of_its_crew.ranks_of_a_gpu > 1 ? fmt::format("rank {}: ", rank) : "";
}

void send(WorkerHandle& worker, const json& message) {
  try {
    worker.child().send(message);
  } catch (const ipc::ProtocolError&) {
  }
}

void stop_who_has_not_come(Crew& crew) {
  no_exchange_deadline(crew);
  for (const auto& worker : crew.workers) {
    if (crew.exchange.waits(static_cast<std::size_t>(worker->assignment().rank))) continue;
    worker->stop(codes::step_timeout,
                 {"it did not come to where its peers waited for it", "未到达其他 rank 等待它的会合点"},
                 steady_clock::now());
  }
}

void stop_all(const Crew& crew) {
  for (const auto& worker : crew.workers)
    worker->stop(kVictimOfAnotherRank, "another rank is gone", steady_clock::now());
}

void limit_last_words(Crew& crew) {
  crew.last_words_until = std::min(crew.last_words_until, steady_clock::now() + kLastWords);
}

void lose_one(Crew& crew) {
  if (crew.has_lost_one) return;
  no_exchange_deadline(crew);
  if (all_wait(crew) || !crew.has_last_words) return stop_all(crew);
  crew.has_lost_one = true;
  limit_last_words(crew);
  for (const auto& worker : crew.workers) send(*worker, {{kGone, true}});
}

void bring_to_exchange(Crew& crew, WorkerHandle& worker, const json& content, StepJournal& journal,
                       NodeSession& node) {
  const auto rank = static_cast<std::size_t>(worker.assignment().rank);
  std::string mine = from_hex(content.at("blob").get<std::string>());
  // Everybody's go back in one frame, two digits a byte.
  const std::size_t most = ipc::kMaxFrameBytes / 4 / static_cast<std::size_t>(worker.assignment().ranks);
  if (mine.size() > most)
    throw ipc::ProtocolError(fmt::format("{} bytes brought to an exchange that takes {}", mine.size(), most));
  const double within_s = content.value("within_s", 0.0);
  if (!(within_s >= 0 && within_s <= kMostExchange_s))
    throw ipc::ProtocolError(fmt::format("an exchange within {} s", within_s));
  const bool first = !crew.exchange.anybody_waits();
  const auto brought = crew.exchange.bring(rank, std::move(mine));
  if (first && within_s > 0) {
    crew.exchange_deadline = steady_clock::now() + milliseconds(static_cast<long>(within_s * 1000));
    crew.exchange_node_deadline = node.clock().now() + static_cast<Nanoseconds>(within_s * 1e9);
  }
  if (brought) no_exchange_deadline(crew);
  if (crew.has_lost_one) {
    node.worker_waits(worker.assignment().node);
    if (brought || all_wait(crew)) stop_all(crew);
    return;
  }
  if (const auto gone = crew.exchange.gone(); !brought && gone) {
    const std::vector<Part>& devices = crew.placement->participants[*gone].devices;
    const Part part = devices.size() == 1 ? devices.front() : crew.placement->part;
    const std::string who = name_of_rank(worker.assignment(), *gone);
    for (OpenStep& step : crew.steps)
      journal.fail(
          step,
          Error::of(codes::rank_missing,
                    phrase("{}it ended before the others met", "{}在其他 rank 会合之前已退出", who), part));
    stop_all(crew);
    return;
  }
  if (!brought) {
    node.worker_waits(worker.assignment().node);
    return;
  }
  json blobs = json::array();
  for (const std::string& blob : *brought) blobs.push_back(to_hex(blob));
  // All at once: whoever had gone on alone would have let time pass for those that still wait.
  for (const auto& other : crew.workers) {
    if (other.get() != &worker) node.worker_resumes(other->assignment().node);
  }
  for (const auto& other : crew.workers) send(*other, {{"exchange", blobs}});
}

}  // namespace assay::run
