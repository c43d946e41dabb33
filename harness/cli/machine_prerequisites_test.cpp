#include "harness/cli/machine_prerequisites.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/testing/recorded_machine.h"

namespace assay::cli {
namespace {

using testing::HasSubstr;
using testing_tools::RecordedMachine;

TEST(MachinePrerequisites, AnIommuThatTranslatesIsAWarning) {
  const RecordedMachine machine("pci/dell-xe9680-h200");
  EXPECT_THAT(direct_traffic(machine.files()).found.english, HasSubstr("only root may read"))
      << "its ports' settings";
  machine.set("/sys/bus/pci/devices/0000:19:00.0/iommu_group/type", "DMA-FQ");
  const Prerequisite now = direct_traffic(machine.files());
  EXPECT_FALSE(now.met);
  EXPECT_FALSE(now.stops_a_run);
  EXPECT_THAT(now.found.english, HasSubstr("the IOMMU translates for 0000:19:00.0"));
}

}  // namespace
}  // namespace assay::cli
