// How the workers of one placement meet, and what becomes of them when one is gone.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "harness/run/worker_pool_fixture.h"

namespace assay::run {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(WorkerPoolTest, RanksLeaveTogetherWithEverybodysBytes) {
  start({"gpu0", "gpu1", "gpu2"}, [](ipc::Channel& channel) {
    channel.send({{"exchange", {{"blob", "00ff"}}}});
    const auto reply = channel.receive();
    if (reply && reply->at("exchange") == json({"00ff", "00ff", "00ff"})) measure_and_end(channel);
  });
  pool.serve();
  close();
  EXPECT_TRUE(symptoms().empty());
  EXPECT_EQ(records().steps.at(0).measurements.size(), 3u);
  EXPECT_EQ(std::count(node.log.begin(), node.log.end(), "waits"), 2);
  EXPECT_EQ(std::count(node.log.begin(), node.log.end(), "resumes"), 2);
}

TEST_F(WorkerPoolTest, ARankThatEndsWhileOthersWaitIsMissedAndTheyAreStopped) {
  std::atomic<int> started = 0;
  start({"gpu0", "gpu1"}, [&started](ipc::Channel& channel) {
    if (started++ == 0) {
      channel.send({{"exchange", {{"blob", ""}}}});
      channel.receive();
    } else {
      usleep(200'000);
      channel.send({{"done", json::object()}});
    }
  });
  pool.serve();
  close();
  EXPECT_THAT(symptoms(), ElementsAre(HasSubstr("harness.rank_missing@gpu")));
}

TEST_F(WorkerPoolTest, WhereRanksShareAGpuTheRankIsNamed) {
  std::atomic<int> started = 0;
  start({"gpu0", "gpu0", "gpu0"}, [&started](ipc::Channel& channel) {
    if (started++ == 0) return;
    channel.send({{"exchange", {{"blob", "00"}}}});
    channel.receive();
  });
  pool.serve();
  close();
  std::vector<std::string> messages;
  for (const Step& step : records().steps) {
    for (const Error& error : step.errors) messages.push_back(error.message);
  }
  EXPECT_THAT(messages, testing::Each(testing::MatchesRegex("rank [0-2]: .*")));
  EXPECT_THAT(messages, testing::Not(testing::IsEmpty()));
}

TEST_F(WorkerPoolTest, ARankThatEndedEarlierIsMissedByWhoComesLater) {
  std::atomic<int> started = 0;
  start({"gpu0", "gpu1"}, [&started](ipc::Channel& channel) {
    if (started++ == 0) {
      channel.send({{"done", json::object()}});
      return;
    }
    usleep(300'000);
    channel.send({{"exchange", {{"blob", ""}}}});
    channel.receive();
  });
  const auto began = std::chrono::steady_clock::now();
  pool.serve();
  close();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(15))
      << "nobody waits for the deadline";
  EXPECT_THAT(symptoms(), ElementsAre(HasSubstr("harness.rank_missing@gpu")));
}

TEST_F(WorkerPoolTest, ARankThatFailsReleasesThoseThatWaitForIt) {
  std::atomic<int> started = 0;
  start({"gpu0", "gpu1"}, [&started](ipc::Channel& channel) {
    if (started++ == 0) {
      channel.send({{"exchange", {{"blob", ""}}}});
      channel.receive();
      return;
    }
    usleep(200'000);
    channel.send({{"error", {{"symptom", "device.lost"}, {"message", "gone"}}}});
    channel.send({{"done", json::object()}});
  });
  const auto began = std::chrono::steady_clock::now();
  pool.serve();
  close();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(15));
  EXPECT_THAT(symptoms(), ElementsAre(HasSubstr("device.lost@gpu")));
}

TEST_F(WorkerPoolTest, WhatIsTooLargeForAnExchangeIsHeldAgainstWhoBroughtIt) {
  std::atomic<int> started = 0;
  start({"gpu0", "gpu1"}, [&started](ipc::Channel& channel) {
    const bool first = started++ == 0;
    if (!first) usleep(200'000);
    channel.send({{"exchange", {{"blob", std::string(first ? (3 << 20) : 2, '0')}}}});
    channel.receive();
  });
  pool.serve();
  close();
  EXPECT_THAT(symptoms(), ElementsAre(HasSubstr("harness.protocol@gpu")));
}

TEST_F(WorkerPoolTest, ADeadlineThatNoExchangeHasIsHeldAgainstWhoAskedForIt) {
  const std::vector<json> wrong{-1, -0.001, 3600.5, 1e300, "soon", nullptr, json::array({1})};
  for (const json& within_s : wrong) {
    start({"gpu0"}, [within_s](ipc::Channel& channel) {
      channel.send({{"exchange", {{"blob", "00"}, {"within_s", within_s}}}});
      if (channel.receive()) measure_and_end(channel);
    });
  }
  pool.serve();
  close();
  EXPECT_THAT(symptoms(),
              testing::AllOf(testing::SizeIs(wrong.size()), testing::Each("harness.protocol@gpu0")));
}

TEST_F(WorkerPoolTest, ADeadlineUpToAnHourIsAnExchanges) {
  for (const json& within_s : {json(0), json(0.5), json(3600)}) {
    start({"gpu0"}, [within_s](ipc::Channel& channel) {
      channel.send({{"exchange", {{"blob", "00"}, {"within_s", within_s}}}});
      if (channel.receive()) measure_and_end(channel);
    });
  }
  pool.serve();
  close();
  EXPECT_THAT(symptoms(), testing::IsEmpty());
}

TEST_F(WorkerPoolTest, RanksOfNcclThatAreLeftSayWhatTheyKnowAndAreNoMoreAtFaultThanTheyWere) {
  ask_nccl = true;
  std::atomic<int> started = 0;
  start({"gpu0", "gpu1", "gpu2"}, [&started](ipc::Channel& channel) {
    if (started++ == 1) return;
    const auto told = channel.receive();
    if (!told || !told->contains("gone")) return;
    channel.send({{"evidence", {{"name", "last_words"}, {"content", "here"}}}});
    channel.send({{"exchange", {{"blob", ""}}}});
    channel.receive();
  });
  const auto began = std::chrono::steady_clock::now();
  pool.serve();
  close();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10)) << "all have said it";
  EXPECT_THAT(symptoms(), ElementsAre(HasSubstr("harness.worker_exit@gpu")));
  EXPECT_THAT(records().steps.at(0).evidence, testing::SizeIs(2));
}

TEST_F(WorkerPoolTest, RanksThatAskNobodyAreStoppedAtOnce) {
  std::atomic<int> started = 0;
  start({"gpu0", "gpu1"}, [&started](ipc::Channel& channel) {
    if (started++ == 0) return;
    channel.receive();
    channel.send({{"evidence", {{"name", "last_words"}, {"content", "here"}}}});
  });
  pool.serve();
  close();
  EXPECT_THAT(records().steps.at(0).evidence, testing::IsEmpty());
}

TEST_F(WorkerPoolTest, WhoIsGoneAfterItHadComeReleasesNobody) {
  ask_nccl = true;
  std::atomic<int> started = 0;
  std::atomic<bool> released = false;
  start({"gpu0", "gpu1"}, [&](ipc::Channel& channel) {
    if (started++ == 0) {
      channel.send({{"exchange", {{"blob", ""}}}});
      return;
    }
    channel.receive();
    channel.send({{"exchange", {{"blob", ""}}}});
    const auto reply = channel.receive();
    released = reply && reply->contains("exchange");
  });
  pool.serve();
  close();
  EXPECT_FALSE(released);
  EXPECT_THAT(symptoms(), ElementsAre(HasSubstr("harness.worker_exit@gpu")));
}

}  // namespace
}  // namespace assay::run
