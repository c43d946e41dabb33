// The stand-in by its C ABI, as a foreign program meets it.
#include <array>
#include <cstring>
#include <set>
#include <string>

#include "harness/node_sim/nvml_library/nvml_library_fixture.h"
#include "harness/node_sim/plant.h"

namespace assay::nvml {
namespace {

TEST_F(NvmlLibrary, NothingAnswersBeforeInitialisation) {
  char text[96];
  unsigned number = 0;
  EXPECT_EQ(CALL(nvmlDeviceGetCount_v2)(&number), Return::uninitialized);
  EXPECT_EQ(CALL(nvmlSystemGetDriverVersion)(text, sizeof(text)), Return::uninitialized);
  EXPECT_EQ(CALL(nvmlDeviceGetName)(nullptr, text, sizeof(text)), Return::uninitialized);
  EXPECT_EQ(CALL(nvmlShutdown)(), Return::uninitialized);
}

TEST_F(NvmlLibrary, ReferencesAreCounted) {
  initialise();
  EXPECT_EQ(CALL(nvmlInitWithFlags)(0), Return::success);
  EXPECT_EQ(CALL(nvmlShutdown)(), Return::success);
  unsigned count = 0;
  EXPECT_EQ(CALL(nvmlDeviceGetCount_v2)(&count), Return::success);
  EXPECT_EQ(CALL(nvmlShutdown)(), Return::success);
  EXPECT_EQ(CALL(nvmlDeviceGetCount_v2)(&count), Return::uninitialized);
  initialised = false;
}

TEST_F(NvmlLibrary, BadArgumentsAreRefused) {
  initialise();
  char text[96];
  unsigned number = 0;
  int not_a_gpu = 0;
  EXPECT_EQ(CALL(nvmlDeviceGetName)(nullptr, text, sizeof(text)), Return::invalid_argument);
  EXPECT_EQ(CALL(nvmlDeviceGetName)(reinterpret_cast<Device>(&not_a_gpu), text, sizeof(text)),
            Return::invalid_argument);
  EXPECT_EQ(CALL(nvmlDeviceGetName)(gpu(0), nullptr, 96), Return::invalid_argument);
  EXPECT_EQ(CALL(nvmlDeviceGetName)(gpu(0), text, 4), Return::insufficient_size);
  EXPECT_EQ(CALL(nvmlDeviceGetClockInfo)(gpu(0), 4, &number), Return::invalid_argument);
  EXPECT_EQ(CALL(nvmlDeviceGetNvLinkState)(gpu(0), 18, &number), Return::invalid_argument);
  Device device = nullptr;
  EXPECT_EQ(CALL(nvmlDeviceGetHandleByIndex_v2)(8, &device), Return::invalid_argument);
  EXPECT_EQ(CALL(nvmlDeviceGetHandleByIndex_v2)(0, nullptr), Return::invalid_argument);
  EXPECT_EQ(CALL(nvmlDeviceGetHandleByPciBusId_v2)("0000:01:00.0", &device), Return::not_found);
  EXPECT_EQ(CALL(nvmlDeviceGetHandleByPciBusId_v2)("nonsense", &device), Return::invalid_argument);
}

TEST_F(NvmlLibrary, EveryWayToAGpuEndsAtTheSameHandle) {
  initialise();
  std::set<Device> handles;
  Device device = nullptr;
  ASSERT_EQ(CALL(nvmlDeviceGetHandleByIndex)(nvml_index_of(2), &device), Return::success);
  handles.insert(device);
  ASSERT_EQ(CALL(nvmlDeviceGetHandleByIndex_v2)(nvml_index_of(2), &device), Return::success);
  handles.insert(device);
  for (const char* address : {"0000:ab:00.0", "00000000:AB:00.0", "ab:00.0"}) {
    ASSERT_EQ(CALL(nvmlDeviceGetHandleByPciBusId)(address, &device), Return::success);
    handles.insert(device);
    ASSERT_EQ(CALL(nvmlDeviceGetHandleByPciBusId_v2)(address, &device), Return::success);
    handles.insert(device);
  }
  for (const char* none : {"", "ab", "ab:", "x:00.0", "0:0:0:0"})
    EXPECT_NE(CALL(nvmlDeviceGetHandleByPciBusId_v2)(none, &device), Return::success) << none;
  ASSERT_EQ(CALL(nvmlDeviceGetHandleByUUID)(state->constants[2].uuid, &device), Return::success);
  handles.insert(device);
  ASSERT_EQ(CALL(nvmlDeviceGetHandleBySerial)(state->constants[2].serial, &device), Return::success);
  handles.insert(device);
  EXPECT_EQ(handles.size(), 1u);
}

TEST_F(NvmlLibrary, UnversionedPciInfoStaysWithinItsOldStruct) {
  initialise();
  struct {
    PciInfo52 info;
    unsigned char after[32];
  } room;
  for (const auto function : {CALL(nvmlDeviceGetPciInfo), CALL(nvmlDeviceGetPciInfo_v2)}) {
    std::memset(&room, 0xee, sizeof(room));
    ASSERT_EQ(function(gpu(0), &room.info), Return::success);
    EXPECT_STREQ(room.info.bus_id_legacy, "0000:83:00.0");
    EXPECT_EQ(room.info.subsystem_id, 0x18be10deu);
    for (const unsigned char byte : room.after) EXPECT_EQ(byte, 0xee);
  }
  std::memset(&room, 0xee, sizeof(room));
  ASSERT_EQ(CALL(nvmlDeviceGetNvLinkRemotePciInfo)(gpu(0), 0, &room.info), Return::success);
  EXPECT_EQ(room.info.device_id, 0x22a310deu);
  for (const unsigned char byte : room.after) EXPECT_EQ(byte, 0xee);

  PciInfo newest{};
  ASSERT_EQ(CALL(nvmlDeviceGetPciInfo_v3)(gpu(0), &newest), Return::success);
  EXPECT_STREQ(newest.bus_id, "00000000:83:00.0");
}

TEST_F(NvmlLibrary, StructVersionsAreChecked) {
  initialise();
  for (const unsigned version : {2u, 0x02000028u}) {
    MemoryV2 memory{};
    memory.version = version;
    ASSERT_EQ(CALL(nvmlDeviceGetMemoryInfo_v2)(gpu(0), &memory), Return::success);
    EXPECT_EQ(memory.total, 150754820096ULL);
    EXPECT_EQ(memory.total, memory.reserved + memory.used + memory.free);
    EXPECT_GE(memory.reserved >> 20, 615u);
  }
  MemoryV2 memory{};
  memory.version = 0x03000028;
  EXPECT_EQ(CALL(nvmlDeviceGetMemoryInfo_v2)(gpu(0), &memory), Return::argument_version_mismatch);
  Temperature temperature{};
  EXPECT_EQ(CALL(nvmlDeviceGetTemperatureV)(gpu(0), &temperature), Return::argument_version_mismatch);
}

TEST_F(NvmlLibrary, OldMemoryCallCountsTheReserveAsUsed) {
  initialise();
  state->dynamic[0].memory_used_bytes = 1LL << 30;
  MemoryV2 newer{};
  newer.version = kMemoryV2;
  Memory older{};
  ASSERT_EQ(CALL(nvmlDeviceGetMemoryInfo_v2)(gpu(nvml_index_of(0)), &newer), Return::success);
  ASSERT_EQ(CALL(nvmlDeviceGetMemoryInfo)(gpu(nvml_index_of(0)), &older), Return::success);
  EXPECT_EQ(newer.used, 1ULL << 30);
  EXPECT_EQ(older.used, newer.used + newer.reserved);
  EXPECT_EQ(older.free, newer.free);
}

TEST_F(NvmlLibrary, FabricInfoTakesBothItsVersions) {
  initialise();
  FabricInfoV3 newer{};
  newer.version = kFabricInfoV3;
  ASSERT_EQ(CALL(nvmlDeviceGetGpuFabricInfoV)(gpu(0), &newer), Return::success);
  EXPECT_EQ(newer.state, kFabricCompleted);
  EXPECT_EQ(newer.health_mask, 0u);
  struct {
    FabricInfoV2 info;
    unsigned char after[4];
  } room{};
  std::memset(room.after, 0xee, sizeof(room.after));
  room.info.version = kFabricInfoV2;
  ASSERT_EQ(CALL(nvmlDeviceGetGpuFabricInfoV)(gpu(0), reinterpret_cast<FabricInfoV3*>(&room.info)),
            Return::success);
  for (const unsigned char byte : room.after) EXPECT_EQ(byte, 0xee);
}

TEST_F(NvmlLibrary, NotSupportedOnAnH200) {
  initialise();
  unsigned number = 0;
  unsigned long long count = 0;
  char text[16];
  EXPECT_EQ(CALL(nvmlDeviceGetFanSpeed)(gpu(0), &number), Return::not_supported);
  EXPECT_EQ(CALL(nvmlDeviceGetClock)(gpu(0), kClockVideo, 1, &number), Return::not_supported);
  EXPECT_EQ(CALL(nvmlDeviceGetMaxCustomerBoostClock)(gpu(0), kClockMemory, &number), Return::not_supported);
  EXPECT_EQ(CALL(nvmlDeviceGetRetiredPages)(gpu(0), 0, &number, nullptr), Return::not_supported);
  EXPECT_EQ(CALL(nvmlDeviceGetRetiredPagesPendingStatus)(gpu(0), &number), Return::not_supported);
  EXPECT_EQ(CALL(nvmlDeviceGetInforomVersion)(gpu(0), 2, text, sizeof(text)), Return::not_supported);
  EXPECT_EQ(CALL(nvmlDeviceGetMemoryErrorCounter)(gpu(0), 0, 0, 3, &count), Return::not_supported);
}

TEST_F(NvmlLibrary, FieldErrorsArePerEntry) {
  initialise();
  std::array<FieldValue, 6> values{};
  const unsigned ids[] = {
      field::power_instant_mw, 201, 9999, field::nvlink_state, field::nvlink_speed_mb_per_s,
      field::slowdown_offset_c};
  for (std::size_t i = 0; i < values.size(); ++i) values[i].field_id = ids[i];
  values[3].scope_id = 17;
  ASSERT_EQ(CALL(nvmlDeviceGetFieldValues)(gpu(nvml_index_of(0)), values.size(), values.data()),
            Return::success);
  EXPECT_EQ(values[0].result, Return::success);
  EXPECT_EQ(values[0].value.ui, 75'000u);
  EXPECT_EQ(values[1].result, Return::not_supported);  // NVLink 5
  EXPECT_EQ(values[2].result, Return::invalid_argument);
  EXPECT_EQ(values[3].value.ui, 1u);
  EXPECT_EQ(values[4].value.ui, 26562u);
  EXPECT_EQ(values[5].value_type, kSignedInt);
  EXPECT_EQ(values[5].value.si, -2);
  values[3].scope_id = 18;
  ASSERT_EQ(CALL(nvmlDeviceGetFieldValues)(gpu(0), values.size(), values.data()), Return::success);
  EXPECT_EQ(values[3].result, Return::invalid_argument);
}

TEST_F(NvmlLibrary, LinksSayWhatTheyCarry) {
  initialise();
  sim::GpuDynamic& carrier = state->dynamic[0];
  carrier.nvlinks[0].sent_bytes = 5 << 20;
  carrier.nvlinks[17].sent_bytes = 3 << 20;
  carrier.nvlinks[17].received_bytes = 1 << 20;
  sim::Loads receiving{};
  receiving[static_cast<std::size_t>(Resource::pcie_in)] = 500'000;
  {
    const sim::Lock lock(state->mutex);
    sim::add_load(*state, 0, 0, 0, receiving);
  }
  const Device device = gpu(nvml_index_of(0));
  carrier.pcie_sent_bytes = (1LL << 32) + 7;
  carrier.pcie_received_bytes = 9;
  std::array<FieldValue, 5> values{};
  values[3].field_id = field::pcie_sent_bytes;
  values[4].field_id = field::pcie_received_bytes;
  values[0].field_id = values[1].field_id = field::nvlink_data_sent_kib;
  values[0].scope_id = 17;
  values[1].scope_id = ~0u;  // the sum over all links
  values[2].field_id = field::nvlink_data_received_kib;
  values[2].scope_id = 17;
  ASSERT_EQ(CALL(nvmlDeviceGetFieldValues)(device, values.size(), values.data()), Return::success);
  EXPECT_EQ(values[0].value.ull, 3u << 10);
  EXPECT_EQ(values[1].value.ull, 8u << 10);
  EXPECT_EQ(values[2].value.ull, 1u << 10);
  EXPECT_EQ(values[3].value.ui, 7u) << "of 32 bits";
  EXPECT_EQ(values[4].value.ui, 9u);
  unsigned sent = 1, received = 0;
  EXPECT_EQ(CALL(nvmlDeviceGetPcieThroughput)(device, 0, &sent), Return::success);
  EXPECT_EQ(CALL(nvmlDeviceGetPcieThroughput)(device, 1, &received), Return::success);
  EXPECT_EQ(sent, 0u);
  EXPECT_EQ(received, 27'450'000u) << "kB/s: half of 54.9 GB/s";
}

TEST_F(NvmlLibrary, ProcessListTellsHowMuchRoomItTakes) {
  initialise();
  const Device device = gpu(nvml_index_of(0));
  unsigned count = 0;
  EXPECT_EQ(CALL(nvmlDeviceGetComputeRunningProcesses_v3)(device, &count, nullptr), Return::success);
  state->dynamic[0].processes[0] = {11, 0, 5};
  EXPECT_EQ(CALL(nvmlDeviceGetComputeRunningProcesses_v3)(device, &count, nullptr),
            Return::insufficient_size);
  EXPECT_EQ(count, 1u);
  ProcessInfoV1 old_info{};
  EXPECT_EQ(CALL(nvmlDeviceGetComputeRunningProcesses)(device, &count, &old_info), Return::success);
  EXPECT_EQ(old_info.pid, 11u);
}

TEST_F(NvmlLibrary, PeersReachEachOther) {
  initialise();
  for (unsigned a = 0; a < 8; ++a) {
    for (unsigned b = 0; b < 8; ++b) {
      unsigned status = 99;
      ASSERT_EQ(CALL(nvmlDeviceGetP2PStatus)(gpu(a), gpu(b), 2, &status), Return::success);
      EXPECT_EQ(status, 0u);
    }
  }
  unsigned result = 0;
  ASSERT_EQ(CALL(nvmlDeviceGetNvLinkCapability)(gpu(0), 17, 0, &result), Return::success);
  EXPECT_EQ(result, 1u);
}

TEST_F(NvmlLibrary, LostGpuSaysSo) {
  initialise();
  const Device device = gpu(nvml_index_of(3));
  state->dynamic[3].present = 0;
  unsigned number = 0;
  Device again = nullptr;
  EXPECT_EQ(CALL(nvmlDeviceGetPowerUsage)(device, &number), Return::gpu_lost);
  EXPECT_EQ(CALL(nvmlDeviceGetHandleByIndex_v2)(nvml_index_of(3), &again), Return::gpu_lost);
  EXPECT_EQ(CALL(nvmlDeviceGetCount_v2)(&number), Return::success);
  EXPECT_EQ(number, 8u);
  EXPECT_STREQ(CALL(nvmlErrorString)(Return::gpu_lost), "GPU is lost");
}

}  // namespace
}  // namespace assay::nvml
