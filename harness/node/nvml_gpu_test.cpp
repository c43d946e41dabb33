// What the client does with drivers that the simulator does not play: older ones, forbidding ones, broken
// ones.
#include "harness/node/nvml_gpu.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

namespace assay::nvml {
namespace {

/// An NVML library without a single function: each test adds what its driver has.
class NvmlGpu : public ::testing::Test {
 protected:
  template <typename Signature, typename Fake>
  static void set(Function<Signature>& function, Fake fake) {
    function = Function<Signature>(fake);
  }
  GpuQuery query(const std::string& driver_version = "580.95.05") {
    return {api, reinterpret_cast<Device>(&api), driver_version};
  }

  std::string why_not;
  std::unique_ptr<Library> library = Library::open("libm.so.6", why_not);
  Api api{*library};
};

template <unsigned id, unsigned number>
Return one_field(Device, int count, FieldValue* values) {
  for (int i = 0; i < count; ++i) {
    values[i].result = values[i].field_id == id ? Return::success : Return::not_supported;
    values[i].value_type = kUnsignedInt;
    values[i].value.ui = number;
  }
  return Return::success;
}

TEST_F(NvmlGpu, MissingSymbolIsAReading) {
  GpuQuery gpu = query();
  EXPECT_EQ(gpu.identity().name.missing, "function_not_found");
  EXPECT_EQ(gpu.sample(0).power_mw.missing, "function_not_found");
  EXPECT_EQ(gpu.state().processes.missing, "function_not_found");
  EXPECT_EQ(gpu.lost(), "");
}

TEST_F(NvmlGpu, OlderFormsAreTriedWhenTheNewerAreMissing) {
  set(
      api.temperature, +[](Device, unsigned, unsigned* celsius) { return *celsius = 41, Return::success; });
  set(
      api.clocks_throttle_reasons,
      +[](Device, unsigned long long* bits) { return *bits = 0x20, Return::success; });
  set(
      api.memory_info, +[](Device, Memory* memory) {
        *memory = {143771ULL << 20, 0, 900ULL << 20};
        return Return::success;
      });
  set(
      api.power_usage, +[](Device, unsigned* milliwatts) { return *milliwatts = 77'000, Return::success; });
  const GpuSample sample = query().sample(0);
  EXPECT_EQ(sample.temperature_c.value, 41);
  EXPECT_EQ(sample.throttle_reasons.value, 0x20);
  EXPECT_EQ(sample.memory_used_mib.value, 900);
  EXPECT_EQ(sample.power_mw.value, 77'000);
  EXPECT_EQ(query().identity().memory_mib.value, 143771);
}

TEST_F(NvmlGpu, OlderFormsAreTriedWhenTheNewerRefuseTheVersion) {
  set(
      api.temperature_v, +[](Device, Temperature*) { return Return::argument_version_mismatch; });
  set(
      api.temperature, +[](Device, unsigned, unsigned* celsius) { return *celsius = 42, Return::success; });
  EXPECT_EQ(query().sample(0).temperature_c.value, 42);
}

TEST_F(NvmlGpu, AnErrorThatIsNotAboutTheFormIsNotPaperedOver) {
  set(
      api.temperature_v, +[](Device, Temperature*) { return Return::timeout; });
  set(
      api.temperature, +[](Device, unsigned, unsigned* celsius) { return *celsius = 42, Return::success; });
  EXPECT_EQ(query().sample(0).temperature_c.missing, "timeout");
}

TEST_F(NvmlGpu, InstantaneousPowerGoesBeforeTheAverage) {
  set(
      api.power_usage, +[](Device, unsigned* milliwatts) { return *milliwatts = 77'000, Return::success; });
  set(api.field_values, one_field<field::power_instant_mw, 401'000>);
  EXPECT_EQ(query().sample(0).power_mw.value, 401'000);
}

TEST_F(NvmlGpu, FieldErrorsAreTheEntrysOwn) {
  set(api.field_values, one_field<field::recovery_action, 3>);
  const GpuState state = query().state();
  EXPECT_EQ(state.recovery_action.value, 3);
  EXPECT_EQ(state.counters.at(counters::power_cap_ns).missing, "not_supported");
}

TEST_F(NvmlGpu, RemappedRowsFallBackOnTheirFields) {
  set(api.field_values, one_field<field::remap_pending, 1>);
  EXPECT_EQ(query().state().row_remap_pending.value, 1);
}

TEST_F(NvmlGpu, ForbiddenReadingSaysSo) {
  set(
      api.sram_ecc_error_status, +[](Device, SramEccErrorStatus*) { return Return::no_permission; });
  EXPECT_EQ(query().state().sram_threshold_exceeded.missing, "no_permission");
}

TEST_F(NvmlGpu, ResetRequiredAndNotFoundMeanLost) {
  for (const Return result : {Return::gpu_lost, Return::reset_required, Return::gpu_not_found}) {
    GpuQuery gpu(api, result);
    EXPECT_EQ(gpu.identity().uuid.missing, word(result));
    EXPECT_EQ(gpu.lost(), word(result));
  }
  set(
      api.pcie_width, +[](Device, unsigned*) { return Return::reset_required; });
  GpuQuery gpu = query();
  gpu.state();
  EXPECT_EQ(gpu.lost(), "reset_required");
}

TEST_F(NvmlGpu, LinkThatCannotBeAskedIsNotTakenForDown) {
  set(
      api.nvlink_state, +[](Device, unsigned link, unsigned* active) {
        *active = 1;
        return link == 7 ? Return::unknown : Return::success;
      });
  set(
      api.nvlink_error_counter,
      +[](Device, unsigned, unsigned, unsigned long long* count) { return *count = 1, Return::success; });
  EXPECT_EQ(query().state().nvlinks[7].up.missing, "unknown_error");
  EXPECT_EQ(query().state().nvlinks[6].up.value, 1);
}

TEST_F(NvmlGpu, ErrorsAreOfEachLinkThatIsUp) {
  set(
      api.nvlink_state, +[](Device, unsigned link, unsigned* active) {
        *active = link != 3;
        return Return::success;
      });
  set(
      api.nvlink_error_counter, +[](Device, unsigned link, unsigned counter, unsigned long long* count) {
        *count = counter == kNvlinkCrcFlit ? link : 0;
        return link == 3 ? Return::not_supported : Return::success;
      });
  const GpuState state = query().state();
  EXPECT_EQ(state.nvlinks[17].crc_errors.value, 17);
  EXPECT_EQ(state.nvlinks[17].replays.value, 0);
  EXPECT_FALSE(state.nvlinks[3].crc_errors.has_value());
}

TEST_F(NvmlGpu, ErrorsThatTheCallDoesNotGiveComeByAField) {
  set(
      api.nvlink_state, +[](Device, unsigned, unsigned* active) { return *active = 1, Return::success; });
  set(
      api.nvlink_error_counter,
      +[](Device, unsigned, unsigned, unsigned long long*) { return Return::not_supported; });
  set(api.field_values, one_field<field::nvlink_recovery, 4>);
  const GpuState state = query().state();
  EXPECT_EQ(state.nvlinks[5].recoveries.value, 4);
  EXPECT_EQ(state.nvlinks[5].replays.missing, "not_supported");
}

TEST_F(NvmlGpu, MoreProcessesThanExpectedAreAllListed) {
  set(
      api.compute_processes_v2, +[](Device, unsigned* count, ProcessInfo* infos) {
        constexpr unsigned kProcesses = 100;
        const unsigned room = *count;
        *count = kProcesses;
        if (room < kProcesses) return Return::insufficient_size;
        for (unsigned i = 0; i < kProcesses; ++i) infos[i] = {i + 1, 0, 0, 0};
        return Return::success;
      });
  const auto processes = query().state().processes;
  ASSERT_TRUE(processes.has_value()) << processes.missing;
  EXPECT_EQ(processes.value->size(), 100u);
  EXPECT_EQ(processes.value->back().pid, 100);
}

TEST_F(NvmlGpu, PciAddressIsWrittenOurWay) {
  set(
      api.pci_info, +[](Device, PciInfo* info) {
        *info = {};
        std::strcpy(info->bus_id, "00000001:9B:00.0");
        info->domain = 1;
        info->bus = 0x9b;
        return Return::success;
      });
  EXPECT_EQ(query().identity().pci_address.value, "0001:9b:00.0");
}

TEST(SlowdownFields, AreChosenByTheDriver) {
  EXPECT_EQ(slowdown_fields("570.124.06").hardware_thermal_ns, 252u);
  EXPECT_EQ(slowdown_fields("580.65.06").power_brake_ns, 253u);
  EXPECT_EQ(slowdown_fields("580.95.05").hardware_thermal_ns, 270u);
  EXPECT_EQ(slowdown_fields("590.44.01").power_brake_ns, 271u);
}

TEST(ReturnWord, IsStable) {
  EXPECT_EQ(word(Return::no_permission), "no_permission");
  EXPECT_EQ(word(Return::unknown), "unknown_error");
  EXPECT_EQ(word(static_cast<Return>(77)), "nvml_error_77");
}

}  // namespace
}  // namespace assay::nvml
