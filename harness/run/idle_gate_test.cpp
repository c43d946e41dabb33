#include "harness/run/idle_gate.h"

#include <csignal>

#include "harness/testing/run_fixture.h"

namespace assay::run {
namespace {

struct IdleGateTest : RunFixture {
  telemetry::Snapshot busy() const {
    telemetry::Snapshot result = snapshot();
    result.readings.gpus[2].state.processes.value->push_back({4711, 1 << 20});
    return result;
  }
  /// Waits once, with a sampler that gives these snapshots.
  IdleGate::Answer wait(std::vector<telemetry::Snapshot> snapshots) {
    SamplerClient sampler(FakeSampler(std::move(snapshots)).start());
    CounterLedger counters(sampler, node, steps, run.plan, {});
    IdleGate gate(run.plan, counters, node.clock_, progress, interrupt);
    const IdleGate::Answer answer = gate.wait({});
    who = gate.who();
    return answer;
  }
  std::vector<Busy> who;
};

TEST_F(IdleGateTest, LetsAnIdleNodePassAtOnce) {
  EXPECT_EQ(wait({snapshot()}), IdleGate::Answer::idle);
  EXPECT_EQ(node.clock_.sleeps, 0);
}

TEST_F(IdleGateTest, WaitsByTheNodesClockUntilTheOtherIsGone) {
  EXPECT_EQ(wait({busy(), busy(), busy(), snapshot()}), IdleGate::Answer::idle);
  EXPECT_EQ(node.clock_.sleeps, 3);
  EXPECT_TRUE(who.empty());
}

TEST_F(IdleGateTest, SaysWhoIsAtWorkWhenItsPatienceEnds) {
  run.plan.idle_timeout_s = 5;
  EXPECT_EQ(wait({busy()}), IdleGate::Answer::busy);
  EXPECT_EQ(node.clock_.sleeps, 4 + 5);
  ASSERT_EQ(who.size(), 1u);
  EXPECT_EQ(who[0].part, "gpu2");
}

TEST_F(IdleGateTest, ThePatienceIsOneForTheWholeRun) {
  run.plan.idle_timeout_s = 3;
  SamplerClient sampler(FakeSampler({busy(), busy(), snapshot(), busy()}).start());
  CounterLedger counters(sampler, node, steps, run.plan, {});
  IdleGate gate(run.plan, counters, node.clock_, progress, interrupt);
  EXPECT_EQ(gate.wait({}), IdleGate::Answer::idle);
  EXPECT_EQ(gate.waited_for(), "") << "that cost nothing";
  EXPECT_EQ(gate.wait({}), IdleGate::Answer::busy);
  EXPECT_NE(gate.waited_for().find("process 4711"), std::string::npos);
  EXPECT_EQ(node.clock_.sleeps, 2 + 4 + 3) << "what our own work left behind costs none of it";
}

TEST_F(IdleGateTest, SettlesForASecondAndSpendsNoPatience) {
  run.plan.idle_timeout_s = 3;
  SamplerClient sampler(FakeSampler({busy(), busy(), snapshot(), busy()}).start());
  CounterLedger counters(sampler, node, steps, run.plan, {});
  IdleGate gate(run.plan, counters, node.clock_, progress, interrupt);
  EXPECT_EQ(gate.settle({}), IdleGate::Answer::idle);
  EXPECT_EQ(node.clock_.sleeps, 2);
  EXPECT_EQ(gate.settle({}), IdleGate::Answer::busy) << "who stays is somebody, and is to be named";
  EXPECT_EQ(node.clock_.sleeps, 2 + 4);
  EXPECT_EQ(gate.wait({}), IdleGate::Answer::busy);
  EXPECT_EQ(node.clock_.sleeps, 2 + 4 + 4 + 3);
}

TEST_F(IdleGateTest, EndsWithTheSampler) {
  SamplerClient sampler(ipc::spawn_thread([](int) { return 0; }));
  CounterLedger counters(sampler, node, steps, run.plan, {});
  IdleGate gate(run.plan, counters, node.clock_, progress, interrupt);
  EXPECT_EQ(gate.wait({}), IdleGate::Answer::sampler_lost);
  EXPECT_EQ(node.log, std::vector<std::string>{"sampler gone"});
}

TEST_F(IdleGateTest, EndsWithTheRun) {
  std::raise(SIGTERM);  // blocked, and read by the Interrupt
  EXPECT_EQ(wait({busy()}), IdleGate::Answer::interrupted);
}

}  // namespace
}  // namespace assay::run
