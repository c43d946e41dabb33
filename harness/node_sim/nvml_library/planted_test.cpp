// What nvml_answer plants, as a foreign program meets it.
#include <array>
#include <chrono>
#include <map>
#include <string>

#include "harness/node_sim/nvml_library/nvml_library_fixture.h"

namespace assay::nvml {
namespace {

class PlantedAnswers : public NvmlLibrary {
 protected:
  void plant(const char* function, const char* error, const std::map<std::string, double>& parameters) {
    sim::FaultState& fault = state->faults[state->fault_count++];
    sim::set_text(fault.kind, "nvml_answer");
    fault.slot = 3;
    sim::set_text(fault.texts[0].name, "function");
    sim::set_text(fault.texts[0].value, function);
    sim::set_text(fault.texts[1].name, "error");
    sim::set_text(fault.texts[1].value, error);
    int i = 0;
    for (const auto& [name, value] : parameters) {
      sim::set_text(fault.parameters[i].name, name);
      fault.parameters[i++].value = value;
    }
    initialise();
    planted = gpu(nvml_index_of(3));
    other = gpu(nvml_index_of(4));
  }
  Return power(Device device) { return CALL(nvmlDeviceGetPowerUsage)(device, &number); }

  Device planted = nullptr, other = nullptr;
  unsigned number = 0;
};

TEST_F(PlantedAnswers, AreOfTheirGpuAndFunctionAlone) {
  plant("nvmlDeviceGetPowerUsage", "success", {{"value", 4711}});
  EXPECT_EQ(power(planted), Return::success);
  EXPECT_EQ(number, 4711u);
  EXPECT_EQ(power(other), Return::success);
  EXPECT_NE(number, 4711u);
  EXPECT_EQ(CALL(nvmlDeviceGetEnforcedPowerLimit)(planted, &number), Return::success);
  EXPECT_EQ(number, 700'000u);
}

TEST_F(PlantedAnswers, BeginAndEndWithTheirCalls) {
  plant("nvmlDeviceGetPowerUsage", "timeout", {{"from", 2}, {"to", 3}});
  EXPECT_EQ(power(planted), Return::success);
  EXPECT_EQ(power(other), Return::success) << "which is no call about it";
  EXPECT_EQ(power(planted), Return::timeout);
  EXPECT_EQ(power(planted), Return::timeout);
  EXPECT_EQ(power(planted), Return::success);
}

TEST_F(PlantedAnswers, AreNumbersThatTheAnswerCanHold) {
  plant("nvmlDeviceGetPowerUsage", "success", {{"value", -5}});
  EXPECT_EQ(power(planted), Return::success);
  EXPECT_EQ(number, 0u);
}

TEST_F(PlantedAnswers, AreTextsWhereTheAnswerIsOne) {
  plant("nvmlDeviceGetVbiosVersion", "success", {});
  sim::FaultState& fault = state->faults[0];
  sim::set_text(fault.texts[2].name, "text");
  sim::set_text(fault.texts[2].value, "96.00.FF");
  char text[32];
  EXPECT_EQ(CALL(nvmlDeviceGetVbiosVersion)(planted, text, sizeof(text)), Return::success);
  EXPECT_STREQ(text, "96.00.FF");
  EXPECT_EQ(CALL(nvmlDeviceGetVbiosVersion)(other, text, sizeof(text)), Return::success);
  EXPECT_STRNE(text, "96.00.FF");
  EXPECT_EQ(fault.without_effect, 0u);
}

TEST_F(PlantedAnswers, OfAnotherKindAreCounted) {
  plant("nvmlDeviceGetSerial", "success", {{"value", 5}});
  char text[32];
  EXPECT_EQ(CALL(nvmlDeviceGetSerial)(planted, text, sizeof(text)), Return::success);
  EXPECT_STRNE(text, "5");
  EXPECT_EQ(state->faults[0].without_effect, 1u);
}

TEST_F(PlantedAnswers, TextsInPlaceOfANumberAreCountedToo) {
  plant("nvmlDeviceGetEnforcedPowerLimit", "success", {});
  sim::set_text(state->faults[0].texts[2].name, "text");
  sim::set_text(state->faults[0].texts[2].value, "much");
  EXPECT_EQ(CALL(nvmlDeviceGetEnforcedPowerLimit)(planted, &number), Return::success);
  EXPECT_EQ(number, 700'000u);
  EXPECT_EQ(state->faults[0].without_effect, 1u);
}

TEST_F(PlantedAnswers, OfAFieldLeaveTheOthersAsTheyAre) {
  plant("nvmlDeviceGetFieldValues", "success", {{"field", field::remap_pending}, {"value", 1}});
  std::array<FieldValue, 2> values{};
  values[0].field_id = field::remap_pending;
  values[1].field_id = field::remap_failure;
  EXPECT_EQ(CALL(nvmlDeviceGetFieldValues)(planted, 2, values.data()), Return::success);
  EXPECT_EQ(values[0].value.ui, 1u);
  EXPECT_EQ(values[1].value.ui, 0u);
  EXPECT_EQ(CALL(nvmlDeviceGetFieldValues)(other, 2, values.data()), Return::success);
  EXPECT_EQ(values[0].value.ui, 0u);
}

TEST_F(PlantedAnswers, WaitBeforeTheyCome) {
  plant("nvmlDeviceGetPowerUsage", "not_supported", {{"delay", 0.05}});
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(power(planted), Return::not_supported);
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace assay::nvml
