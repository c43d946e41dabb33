// Error counters of the memories, row remapping, and the repairs that Hopper does not have any more.
#include "harness/node_sim/nvml_library/ecc.h"

#include "harness/node_sim/nvml_library/call.h"

namespace assay::nvml {
namespace {

constexpr unsigned kErrorTypes = 2;
constexpr unsigned kCounterTypes = 2;
constexpr unsigned kLocations = 8;
constexpr unsigned kBanks = 3072;  // of one H200; each has its own spare rows

}  // namespace

std::int64_t dram_errors(const sim::GpuDynamic& gpu, unsigned error, unsigned counter) {
  if (error == kCorrected)
    return counter == kVolatile ? gpu.ecc_corrected_dram : gpu.ecc_corrected_dram_aggregate;
  return counter == kVolatile ? gpu.ecc_uncorrected_dram : gpu.ecc_uncorrected_dram_aggregate;
}

/// The simulated SRAM keeps no count over the card's life.
unsigned long long sram_errors(const sim::GpuDynamic& gpu, unsigned error) {
  return static_cast<unsigned long long>(error == kCorrected ? gpu.ecc_corrected_sram
                                                             : gpu.ecc_uncorrected_sram);
}

Return nvmlDeviceGetTotalEccErrors(Device device, unsigned error, unsigned counter,
                                   unsigned long long* count) {
  const bool valid = count && error < kErrorTypes && counter < kCounterTypes;
  return with_gpu(device, valid, [&](const GpuView& gpu) {
    if (!gpu.dynamic.ecc_enabled) return Return::not_supported;
    *count = static_cast<unsigned long long>(dram_errors(gpu.dynamic, error, counter)) +
             sram_errors(gpu.dynamic, error);
    return Return::success;
  });
}

Return nvmlDeviceGetMemoryErrorCounter(Device device, unsigned error, unsigned counter, unsigned location,
                                       unsigned long long* count) {
  const bool valid = count && error < kErrorTypes && counter < kCounterTypes && location < kLocations;
  return with_gpu(device, valid, [&](const GpuView& gpu) {
    if (!gpu.dynamic.ecc_enabled) return Return::not_supported;
    if (location != kLocationDram && location != kLocationSram) return Return::not_supported;
    *count = location == kLocationDram
                 ? static_cast<unsigned long long>(dram_errors(gpu.dynamic, error, counter))
                 : sram_errors(gpu.dynamic, error);
    return Return::success;
  });
}

Return nvmlDeviceGetSramEccErrorStatus(Device device, SramEccErrorStatus* status) {
  return with_gpu(device, status != nullptr, [&](const GpuView& gpu) {
    if (status->version != kSramEccErrorStatusV1) return Return::argument_version_mismatch;
    *status = {};
    status->version = kSramEccErrorStatusV1;
    status->threshold_exceeded = static_cast<unsigned>(gpu.dynamic.sram_threshold_exceeded);
    return Return::success;
  });
}

Return nvmlDeviceGetRepairStatus(Device device, RepairStatus* status) {
  return with_gpu(device, status != nullptr, [&](const GpuView&) {
    if (status->version != kRepairStatusV1) return Return::argument_version_mismatch;
    *status = {};
    status->version = kRepairStatusV1;
    return Return::success;
  });
}

Return nvmlDeviceGetRemappedRows(Device device, unsigned* corrected, unsigned* uncorrected, unsigned* pending,
                                 unsigned* failure) {
  return with_gpu(device, corrected && uncorrected && pending && failure, [&](const GpuView& gpu) {
    if (gpu.dynamic.mig_enabled) return Return::not_supported;
    *corrected = static_cast<unsigned>(gpu.dynamic.remapped_corrected);
    *uncorrected = static_cast<unsigned>(gpu.dynamic.remapped_uncorrected);
    *pending = static_cast<unsigned>(gpu.dynamic.remap_pending);
    *failure = static_cast<unsigned>(gpu.dynamic.remap_failure);
    return Return::success;
  });
}

Return nvmlDeviceGetRowRemapperHistogram(Device device, RowRemapperHistogram* histogram) {
  return with_gpu(device, histogram != nullptr, [&](const GpuView& gpu) {
    const std::int64_t rows = gpu.dynamic.remapped_corrected + gpu.dynamic.remapped_uncorrected;
    const auto touched = static_cast<unsigned>(std::min<std::int64_t>(rows, kBanks));  // one row in each
    *histogram = {kBanks - touched, touched, 0, 0, 0};
    return Return::success;
  });
}

Return nvmlDeviceGetRetiredPages(Device device, unsigned, unsigned* count, unsigned long long*) {
  return not_supported(device, count != nullptr);
}

Return nvmlDeviceGetRetiredPages_v2(Device device, unsigned, unsigned* count, unsigned long long*,
                                    unsigned long long*) {
  return not_supported(device, count != nullptr);
}

Return nvmlDeviceGetRetiredPagesPendingStatus(Device device, unsigned* pending) {
  return not_supported(device, pending != nullptr);
}

}  // namespace assay::nvml
