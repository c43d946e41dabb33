#include "harness/node_real/ipmi_device.h"

#include <gtest/gtest.h>

#include "harness/testing/scratch_folder.h"

namespace assay {
namespace {

TEST(IpmiDevice, ThatIsNotThereAnswersNothing) {
  IpmiDevice device("/nonexistent/ipmi0");
  EXPECT_EQ(device.ask({0x06, 0x01, {}}), std::nullopt);
}

TEST(IpmiDevice, ThatIsNoneAnswersNothing) {
  const testing_tools::ScratchFolder scratch;
  IpmiDevice device(scratch.write("ipmi0", ""));
  EXPECT_EQ(device.ask({0x06, 0x01, {}}), std::nullopt) << "a file does not know the ioctl";
}

}  // namespace
}  // namespace assay
