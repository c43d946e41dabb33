#include "kernels/driver_version.h"

#include <fmt/format.h>

namespace assay::cuda {
namespace {

std::string spelt(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

}  // namespace

DeviceError insufficient_driver(int driver, int needed) {
  if (driver == 0) return {codes::no_cuda, "there is no NVIDIA driver here, or no device file of it"};
  return {codes::driver_too_old,
          fmt::format("the driver is for CUDA up to {}, and {} is needed", spelt(driver), spelt(needed))};
}

}  // namespace assay::cuda
