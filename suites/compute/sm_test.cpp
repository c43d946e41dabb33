// compute.sm on a simulated GPU: what it emits when all is well, and what each planted fault does to it.
#include <gtest/gtest.h>

#include <string>

#include "harness/node_sim/cuda_emulation/emulated_gpu.h"
#include "harness/node_sim/cuda_emulation/plain_device.h"
#include "suites/testing/check_on_simulated_gpu.h"

namespace assay {
namespace {

class ComputeSm : public CheckOnSimulatedGpu {
 protected:
  Emitted run(double duration_s = 0) {
    Collector context(check("compute.sm"), state_, duration_s);
    check("compute.sm").run(context);
    return context;
  }
  static std::size_t accused(const Emitted& context) {
    std::size_t count = 0;
    for (const auto& [name, value] : context.values)
      count += name.find("/wrong_results") != std::string::npos;
    return count;
  }
};

TEST_F(ComputeSm, EmitsAllItDeclaresOnAHealthyGpu) {
  const Emitted context = run(2);
  EXPECT_EQ(context.values,
            (std::map<std::string, double>{{"sms", 132}, {"datapaths", 16}, {"unexpected_datapaths", 0}}));
  EXPECT_EQ(context.texts.at("digest").size(), 16u);
  EXPECT_EQ(context.evidences.count("wrong_sms"), 0u);
  EXPECT_GT(context.last_progress, 0.9);
  EXPECT_EQ(state_->dynamic[0].memory_used_bytes, 0);
}

TEST_F(ComputeSm, TheDigestIsThatOfEveryGpu) {
  EXPECT_EQ(run().texts.at("digest"), run(3).texts.at("digest"));
}

TEST_F(ComputeSm, EveryDatapathIsNamedWithItsSmAndSubPartition) {
  for (std::size_t i = 0; i < kDatapaths; ++i) {
    const auto path = static_cast<Datapath>(i);
    if (path == Datapath::registers || path == Datapath::shared) continue;
    const std::string name(name_of(path));
    state_->fault_count = 0;
    plant(
        "sm_result",
        {{"sm", 40.0 + static_cast<double>(i)}, {"sub_partition", 3}, {"bit", 4}, {"gives", 2}, {"every", 1}},
        {{"datapath", name}});
    const bool of_all = path == Datapath::bulk_copy;  // no sub-partition has a unit of its own
    if (of_all) state_->faults[0].parameters[4].value = 4;
    const Emitted context = run();
    const std::string sm = "sm" + std::to_string(40 + i);
    EXPECT_EQ(accused(context), 1u) << name;
    ASSERT_EQ(context.texts.count(sm + "/culprit"), 1u) << name;
    EXPECT_EQ(context.texts.at(sm + "/culprit"), name + (of_all ? "" : " of sub-partition 3")) << name;
  }
}

TEST_F(ComputeSm, ARegisterAndABankAreNamed) {
  plant("sm_register", {{"sm", 9}, {"sub_partition", 1}, {"register", 40}, {"bit", 21}, {"every", 1}});
  plant("sm_shared_bank",
        {{"sm", 11}, {"sub_partition", 4}, {"bank", 30}, {"bit", 31}, {"gives", 1}, {"every", 1}});
  const Emitted context = run();
  EXPECT_EQ(context.texts.at("sm9/culprit"), "registers of sub-partition 1: held value 40, bit 21");
  EXPECT_EQ(context.texts.at("sm11/culprit"), "shared: bank 30, bit 31");
  EXPECT_EQ(accused(context), 2u);
}

TEST_F(ComputeSm, WhatEverySmComputesWronglyAccusesNone) {
  plant("sm_result", {{"every_sm", 1}, {"sub_partition", 4}, {"bit", 2}, {"gives", 2}, {"every", 1}},
        {{"datapath", "fp64"}});
  const Emitted context = run();
  EXPECT_EQ(accused(context), 0u);
  EXPECT_EQ(context.values.at("unexpected_datapaths"), 1);
  EXPECT_EQ(context.evidences.at("unexpected_paths"), nlohmann::json::array({"fp64"}));
  state_->fault_count = 0;
  EXPECT_NE(run().texts.at("digest"), context.texts.at("digest"));
}

TEST_F(ComputeSm, OnePartOfAllSmsNamesTheWorstAndSaysHowMany) {
  for (int sm = 0; sm < 10; ++sm)
    plant("sm_result",
          {{"sm", static_cast<double>(sm)}, {"sub_partition", 0}, {"bit", 2}, {"gives", 2}, {"every", 1}},
          {{"datapath", "fp32"}});
  const Emitted context = run();
  EXPECT_EQ(accused(context), 8u);
  EXPECT_EQ(context.evidences.at("wrong_sms").size(), 10u);
  const nlohmann::json& map = context.evidences.at("sm_map").at("values");
  ASSERT_EQ(map.size(), 132u);
  EXPECT_GT(map.at(9), 0);
  EXPECT_EQ(map.at(10), 0);
  EXPECT_NE(context.texts.at("sm0/culprit").find("10 SMs of this GPU are wrong"), std::string::npos);
}

TEST_F(ComputeSm, WhatIsWrongAboveAPowerOnlyShowsUnderThatLoad) {
  plant("sm_result",
        {{"sm", 3}, {"sub_partition", 4}, {"bit", 2}, {"gives", 2}, {"every", 1}, {"above_power", 640}},
        {{"datapath", "tensor_int8"}});
  EXPECT_EQ(accused(run()), 1u);
  state_->fault_count = 0;
  plant("sm_result",
        {{"sm", 3}, {"sub_partition", 4}, {"bit", 2}, {"gives", 2}, {"every", 1}, {"above_power", 640}},
        {{"datapath", "integer"}});
  EXPECT_EQ(accused(run()), 0u) << "integers alone do not draw as much";
}

/// Four multiprocessors, of which blocks do not always reach all.
class RarelyReached : public cuda_emulation::PlainDevice {
 public:
  std::string pci_address() const override { return "0000:77:00.0"; }
  int multiprocessors() const override { return 4; }
  unsigned sm_of_block(unsigned block, std::uint64_t seed) const override {
    if (block == 3) return never ? 0 : seed % 3 == 0 ? 3 : 0;
    return block;
  }
  bool never = false;
};

TEST_F(ComputeSm, LaunchesAgainUntilEverySmIsReachedAndSaysWhereNot) {
  for (const bool never : {false, true}) {
    RarelyReached device;
    device.never = never;
    const auto gpu = cuda_emulation::open_emulated_gpu(device.pci_address());
    Collector context(check("compute.sm"), state_, 0);
    gpu->make_current();
    context.instead = gpu.get();
    check("compute.sm").run(context);
    EXPECT_EQ(context.values.at("sms"), never ? 3 : 4);
    EXPECT_EQ(accused(context), 0u);
  }
}

}  // namespace
}  // namespace assay
