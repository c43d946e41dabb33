// Event sets, as a foreign program meets them.
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "harness/node_sim/nvml_library/nvml_library_fixture.h"

namespace assay::nvml {
namespace {

class NvmlEvents : public NvmlLibrary {
 protected:
  void SetUp() override {
    initialise();
    ASSERT_EQ(CALL(nvmlEventSetCreate)(&set), Return::success);
    ASSERT_EQ(CALL(nvmlDeviceRegisterEvents)(gpu(nvml_index_of(1)), 0x800b, set), Return::success);
  }
  void TearDown() override { EXPECT_EQ(CALL(nvmlEventSetFree)(set), Return::success); }

  Return wait(unsigned timeout_ms) { return CALL(nvmlEventSetWait_v2)(set, &event, timeout_ms); }
  void log(const std::string& line) { std::ofstream(state.kernel_log_path(), std::ios::app) << line << "\n"; }

  EventSet set = nullptr;
  EventData event{};
};

TEST_F(NvmlEvents, NothingHappensUntilTheTimeout) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(wait(60), Return::timeout);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(60));
}

TEST_F(NvmlEvents, CountersAndRecoveryRaiseTheirEvents) {
  state->dynamic[1].ecc_corrected_dram = 1;
  state->dynamic[1].recovery_action = 1;
  state->dynamic[0].ecc_corrected_dram = 1;  // not registered
  ASSERT_EQ(wait(0), Return::success);
  EXPECT_EQ(event.type, event_type::single_bit_ecc);
  EXPECT_EQ(event.device, gpu(nvml_index_of(1)));
  ASSERT_EQ(wait(0), Return::success);
  EXPECT_EQ(event.type, event_type::recovery_action);
  EXPECT_EQ(wait(0), Return::timeout);
}

TEST_F(NvmlEvents, XidOfTheKernelLogWakesTheWaiter) {
  std::thread driver([&] {
    log("4,1,1,-;NVRM: Xid (PCI:0000:bb:00): 79, GPU has fallen off the bus.");  // another GPU
    log("4,2,2,-;NVRM: Xid (PCI:0000:b3:00): 94, Contained ECC error.");
  });
  ASSERT_EQ(wait(5000), Return::success);
  EXPECT_EQ(event.type, event_type::xid);
  EXPECT_EQ(event.data, 94u);
  driver.join();
}

TEST_F(NvmlEvents, UnknownSetsAndEventsAreRefused) {
  EXPECT_EQ(CALL(nvmlEventSetWait_v2)(reinterpret_cast<EventSet>(&event), &event, 0),
            Return::invalid_argument);
  EXPECT_EQ(CALL(nvmlDeviceRegisterEvents)(gpu(0), 1ULL << 40, set), Return::not_supported);
}

}  // namespace
}  // namespace assay::nvml
