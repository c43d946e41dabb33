// The device that the tests of the device halves run on where there is no GPU.
#pragma once

#include "harness/testing/plain_device.h"

namespace assay::testing_tools {

PlainDevice& emulated_device();

}  // namespace assay::testing_tools
