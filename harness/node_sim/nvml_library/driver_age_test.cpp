// The stand-in as the library of older drivers.
#include <cstring>
#include <string>

#include "harness/node/nvml_abi.h"
#include "harness/node_sim/nvml_library/nvml_library_fixture.h"

namespace assay::nvml {
namespace {

class DriverAge : public NvmlLibrary {
 protected:
  void be(const std::string& version) {
    std::memset(state->driver_version, 0, sizeof(state->driver_version));
    version.copy(state->driver_version, sizeof(state->driver_version) - 1);
  }
  Return field(unsigned id) {
    FieldValue value{};
    value.field_id = id;
    EXPECT_EQ(CALL(nvmlDeviceGetFieldValues)(gpu(0), 1, &value), Return::success);
    EXPECT_EQ(value.field_id, id) << "the caller's";
    return value.result;
  }
};

TEST_F(DriverAge, AFunctionIsThereFromItsBranchOn) {
  initialise();
  RepairStatus repair{};
  repair.version = kRepairStatusV1;
  char name[96];
  be("570.86.15");
  EXPECT_EQ(CALL(nvmlDeviceGetRepairStatus)(gpu(0), &repair), Return::function_not_found);
  EXPECT_EQ(CALL(nvmlDeviceGetName)(gpu(0), name, sizeof(name)), Return::success);
  be("580.65.06");
  EXPECT_EQ(CALL(nvmlDeviceGetRepairStatus)(gpu(0), &repair), Return::success);
}

TEST_F(DriverAge, TheSlowdownsWereRenumberedWithinABranch) {
  initialise();
  be("580.65.06");
  EXPECT_EQ(field(252), Return::success);
  EXPECT_EQ(field(270), Return::not_supported);
  be("580.82.07");
  EXPECT_EQ(field(252), Return::not_supported) << "power smoothing, since";
  EXPECT_EQ(field(270), Return::success);
}

TEST_F(DriverAge, TheRecoveryActionCameLater) {
  initialise();
  be("550.54.15");
  EXPECT_EQ(field(field::recovery_action), Return::not_supported);
  be("570.86.15");
  EXPECT_EQ(field(field::recovery_action), Return::success);
}

TEST_F(DriverAge, TheFabricsThirdVersionCameLater) {
  initialise();
  be("570.86.15");
  FabricInfoV3 info{};
  info.version = kFabricInfoV3;
  EXPECT_EQ(CALL(nvmlDeviceGetGpuFabricInfoV)(gpu(0), &info), Return::argument_version_mismatch);
  info.version = kFabricInfoV2;
  EXPECT_EQ(CALL(nvmlDeviceGetGpuFabricInfoV)(gpu(0), &info), Return::success);
}

}  // namespace
}  // namespace assay::nvml
