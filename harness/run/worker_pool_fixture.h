// For tests: a pool of threads that act as workers.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/run/worker_pool.h"
#include "harness/testing/run_fixture.h"

namespace assay::run {

/// What a worker does after it has got its assignment.
using Act = std::function<void(ipc::Channel&)>;

inline void measure_and_end(ipc::Channel& channel) {
  channel.send(
      {{"measure", {{"name", "bus_bandwidth"}, {"value", 475.0}, {"unit", "GB/s"}, {"part", "node"}}}});
  channel.send({{"done", nlohmann::json::object()}});
}

struct WorkerPoolTest : RunFixture {
  WorkerPoolTest() {
    stage.index = 0;
    stage.deadline_s = 30;
  }

  /// A crew of threads on these GPUs, one step for all, each of which does the same.
  Crew& start(const std::vector<Part>& gpus, const Act& act, double deadline_s = 30) {
    placements.push_back({"node", {{"collective.allreduce"}}, {}, {}, last_stage, std::nullopt});
    Placement& placement = placements.back();
    for (const Part& gpu : gpus) placement.participants.push_back({{gpu}});
    stage.deadline_s = deadline_s;
    auto crew = std::make_unique<Crew>(stage, placement, steps.start(placement, 0, ++attempt));
    for (std::size_t rank = 0; rank < gpus.size(); ++rank) {
      Assignment assignment;
      assignment.part = gpus[rank];
      assignment.devices = {{gpus[rank], ""}};
      assignment.rank = static_cast<int>(rank);
      assignment.ranks = static_cast<int>(gpus.size());
      assignment.ranks_of_a_gpu = static_cast<int>(std::count(gpus.begin(), gpus.end(), gpus[rank]));
      assignment.node = node.new_worker_address({kUnshared});
      auto child = ipc::spawn_thread([act, rank](int fd) {
        ipc::Channel channel(fd);
        try {
          channel.send({{"log", {{"message", "rank " + std::to_string(rank)}}}});
          act(channel);
        } catch (const ipc::ProtocolError&) {
          return 1;
        }
        return 0;
      });
      const auto deadline =
          std::chrono::steady_clock::now() + std::chrono::milliseconds(static_cast<long>(deadline_s * 1000));
      crew->workers.push_back(std::make_unique<WorkerHandle>(std::move(child), assignment, deadline));
    }
    crew->has_last_words = ask_nccl;
    Crew& started = *crew;
    pool.add(std::move(crew));
    return started;
  }
  /// Ends the steps of the crews that are over.
  void close() {
    for (const auto& crew : pool.take_over()) steps.end(crew->steps);
  }
  std::vector<std::string> symptoms() {
    std::vector<std::string> all;
    for (const Step& step : records().steps) {
      for (const Error& error : step.errors) all.push_back(error.symptom.text() + "@" + error.part.path());
    }
    return all;
  }

  bool ask_nccl = false;  // the ranks do, about one that is gone
  Stage stage;
  std::deque<Placement> placements;
  int attempt = 0, last_stage = 0;
  SamplerClient sampler{FakeSampler({snapshot()}).start()};
  CounterLedger counters{sampler, node, steps, run.plan, telemetry::Ledger()};
  WorkerPool pool{steps, node, sampler, counters, progress, interrupt};
};

}  // namespace assay::run
