#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>

#include "harness/run/worker_pool_fixture.h"

namespace assay::run {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(WorkerPoolTest, AWorkerThatLooksAgainGetsNewReadings) {
  start({"node"}, [](ipc::Channel& channel) {
    channel.send({{"look_again", json::object()}});
    const auto answer = channel.receive();
    channel.send({{"log", {{"message", answer->at("readings").contains("gpus") ? "readings" : "nothing"}}}});
    channel.send({{"done", json::object()}});
  });
  pool.serve();
  close();
  EXPECT_THAT(symptoms(), testing::IsEmpty());
}

TEST_F(WorkerPoolTest, WritesWhatAWorkerMeasures) {
  start({"gpu0"}, measure_and_end);
  pool.serve();
  close();
  const RunRecord read = records();
  ASSERT_EQ(read.steps.size(), 1u);
  EXPECT_EQ(read.steps[0].status, Status::complete);
  ASSERT_EQ(read.steps[0].measurements.size(), 1u);
  EXPECT_EQ(std::get<double>(read.steps[0].measurements[0].value), 475.0);
  EXPECT_THAT(node.log, ElementsAre("time passes", "time stands", "gone {\"worker\":1}"));
}

TEST_F(WorkerPoolTest, WhoHangsIsStoppedWhenTheNodesTimeIsUpThoughOursIsNot) {
  // It ends once it was given more time, and not before: or nobody would have to give it any.
  std::promise<void> given_more;
  const std::future<void> more = given_more.get_future();
  Crew& crew = start(
      {"gpu0"},
      [&](ipc::Channel& channel) {
        channel.receive();
        more.wait_for(std::chrono::seconds(10));
      },
      3600);
  crew.node_deadline = node.clock_.now();
  node.on_let_time_pass = [&, once = false](Nanoseconds until) mutable {
    if (until > crew.node_deadline && !std::exchange(once, true)) given_more.set_value();
  };
  pool.serve();
  EXPECT_EQ(node.passes_until, crew.node_deadline + 5 * kSecond) << "some more, to end in";
  close();
  EXPECT_THAT(symptoms(), ElementsAre("harness.step_timeout@gpu0"));
}

TEST_F(WorkerPoolTest, TimePassesUpToTheFirstDeadline) {
  Crew& early = start({"gpu0"}, measure_and_end);
  Crew& late = start({"gpu1"}, measure_and_end);
  early.node_deadline = node.clock_.now() + kSecond;
  late.node_deadline = node.clock_.now() + 2 * kSecond;
  std::vector<Nanoseconds> until;
  node.on_let_time_pass = [&](Nanoseconds time) { until.push_back(time); };
  pool.serve();
  ASSERT_FALSE(until.empty());
  EXPECT_EQ(until.front(), early.node_deadline);
  close();
}

TEST_F(WorkerPoolTest, EvidenceThatWouldMakeTheRecordsUnreadableIsRefused) {
  json deep = 1;
  for (int i = 0; i < 90; ++i) deep = json::array({deep});
  start({"gpu0"}, [deep](ipc::Channel& channel) {
    channel.send({{"evidence", {{"name", "x"}, {"content", deep}}}});
    channel.receive();
  });
  start({"gpu1"}, [](ipc::Channel& channel) {
    channel.send({{"error", {{"symptom", "harness.interrupted"}, {"message", "so it says"}}}});
    channel.receive();
  });
  pool.serve();
  close();
  EXPECT_THAT(symptoms(), testing::UnorderedElementsAre("harness.protocol@gpu0", "harness.protocol@gpu1"));
}

TEST_F(WorkerPoolTest, AnErrorIsTheDevicesThatItNamesIfItIsOneOfItsOwn) {
  const auto says = [](const char* device) {
    return [device](ipc::Channel& channel) {
      channel.send({{"error", {{"symptom", "device.lost"}, {"message", "gone"}, {"part", device}}}});
      channel.send({{"done", json::object()}});
    };
  };
  start({"gpu0"}, says("gpu0"));
  start({"gpu1"}, says("gpu5"));
  pool.serve();
  close();
  EXPECT_THAT(symptoms(), testing::UnorderedElementsAre("device.lost@gpu0", "harness.protocol@gpu1"));
}

TEST_F(WorkerPoolTest, WhatIsNoMessageOfOursStopsAWorker) {
  for (const json& wrong :
       {json{{"sing", 1}}, json{{"measure", {{"name", "x"}}}}, json{{"done", 1}, {"body", 7}},
        json{{"done", 1}, {"body", "x"}}, json{{"exchange", {{"blob", "0g"}}}},
        json{{"measure", {{"name", "x"}, {"value", 1}, {"unit", "1"}, {"part", "no part"}}}}}) {
    start({"gpu0"}, [wrong](ipc::Channel& channel) {
      channel.send(wrong);
      channel.receive();
    });
  }
  pool.serve();
  close();
  EXPECT_THAT(symptoms(), testing::AllOf(testing::SizeIs(6), testing::Each("harness.protocol@gpu0")));
}

TEST_F(WorkerPoolTest, AWorkerThatEndsBeforeItIsDoneFailsItsStep) {
  start({"gpu0"}, [](ipc::Channel&) {});
  pool.serve();
  close();
  EXPECT_THAT(symptoms(), ElementsAre("harness.worker_exit@gpu0"));
}

TEST_F(WorkerPoolTest, AThreadThatHangsLeavesItsGpuHung) {
  start(
      {"gpu5"}, [](ipc::Channel&) { pause(); }, 0.1);
  pool.serve();
  close();
  EXPECT_THAT(symptoms(), ElementsAre("harness.worker_unkillable@gpu5"));
  EXPECT_TRUE(pool.hangs("gpu5"));
  EXPECT_FALSE(pool.hangs("gpu4"));
  ASSERT_EQ(pool.residents().size(), 1u);
  EXPECT_TRUE(pool.residents()[0].hung);
}

TEST_F(WorkerPoolTest, WhoStaysWithoutAReasonGoesOnAtOnce) {
  start({"gpu0"}, [](ipc::Channel& channel) {
    channel.send({{"stay", json::object()}});
    if (channel.receive()->contains("go_on")) measure_and_end(channel);
  });
  pool.serve();
  close();
  EXPECT_TRUE(symptoms().empty());
}

TEST_F(WorkerPoolTest, AResidentRestsUntilItsStageHasCome) {
  last_stage = 3;
  start({"gpu0"}, [](ipc::Channel& channel) {
    channel.send({{"stay", json::object()}});
    if (channel.receive()->contains("go_on")) measure_and_end(channel);
  });
  pool.serve();
  EXPECT_THAT(node.log, ElementsAre("time passes", "time stands", "waits"));
  EXPECT_TRUE(pool.take_over().empty());
  ASSERT_EQ(pool.residents().size(), 1u);
  EXPECT_THAT(pool.residents()[0].gpus, ElementsAre("gpu0"));
  last_stage = 0;
  start({"gpu0"}, measure_and_end);  // another stage, meanwhile
  pool.serve();
  close();
  pool.wake(2);
  pool.serve();
  EXPECT_EQ(pool.residents().size(), 1u);
  pool.wake(3);
  pool.serve();
  EXPECT_TRUE(pool.residents().empty());
  close();
  EXPECT_TRUE(symptoms().empty());
}

TEST_F(WorkerPoolTest, AResidentThatDiedBetweenStagesExcusesNobody) {
  last_stage = 3;
  std::atomic<bool> may_die = false;
  start({"gpu0"}, [&may_die](ipc::Channel& channel) {
    channel.send({{"stay", json::object()}});
    while (!may_die) usleep(1000);
  });
  pool.serve();
  ASSERT_EQ(pool.residents().size(), 1u);
  may_die = true;
  for (int i = 0; i < 5000 && !pool.residents().empty(); ++i) usleep(1000);
  EXPECT_TRUE(pool.residents().empty()) << "though nobody has reaped it";
  pool.wake(3);
  pool.serve();
  close();
  EXPECT_EQ(symptoms().size(), 1u);
}

TEST_F(WorkerPoolTest, AnInterruptStopsResidentsToo) {
  last_stage = 3;
  start({"gpu0"}, [](ipc::Channel& channel) {
    channel.send({{"stay", json::object()}});
    channel.receive();
  });
  pool.serve();
  std::raise(SIGTERM);
  pool.note_interrupt();
  pool.serve();
  close();
  EXPECT_TRUE(pool.interrupted());
  EXPECT_THAT(symptoms(), ElementsAre("harness.interrupted@gpu0"));
}

}  // namespace
}  // namespace assay::run
