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

unsigned long long sram_errors(const sim::GpuDynamic& gpu, unsigned error, unsigned counter) {
  const std::int64_t before = counter == kAggregate ? gpu.ecc_uncorrected_sram_before : 0;
  return static_cast<unsigned long long>(error == kCorrected ? gpu.ecc_corrected_sram
                                                             : gpu.ecc_uncorrected_sram + before);
}

Return nvmlDeviceGetTotalEccErrors(Device device, unsigned error, unsigned counter,
                                   unsigned long long* count) {
  const bool valid = count && error < kErrorTypes && counter < kCounterTypes;
  return with_gpu(device, valid, [&](const GpuView& gpu) {
    if (!gpu.dynamic.ecc_enabled) return Return::not_supported;
    *count = static_cast<unsigned long long>(dram_errors(gpu.dynamic, error, counter)) +
             sram_errors(gpu.dynamic, error, counter);
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
                 : sram_errors(gpu.dynamic, error, counter);
    return Return::success;
  });
}

Return nvmlDeviceGetSramEccErrorStatus(Device device, SramEccErrorStatus* status) {
  return with_gpu(device, status != nullptr, [&](const GpuView& gpu) {
    if (status->version != kSramEccErrorStatusV1) return Return::argument_version_mismatch;
    *status = {};
    status->version = kSramEccErrorStatusV1;
    const sim::GpuDynamic& now = gpu.dynamic;
    status->volatile_corrected = sram_errors(now, kCorrected, kVolatile);
    status->aggregate_corrected = sram_errors(now, kCorrected, kAggregate);
    status->volatile_uncorrected_sec_ded = sram_errors(now, kUncorrected, kVolatile);
    // All that a simulated GPU's on-chip memory gets wrong is its L2's.
    status->aggregate_uncorrected_sec_ded = status->aggregate_uncorrected_l2 =
        sram_errors(now, kUncorrected, kAggregate);
    status->threshold_exceeded = static_cast<unsigned>(gpu.dynamic.sram_threshold_exceeded);
    return Return::success;
  });
}

Return nvmlDeviceGetRepairStatus(Device device, RepairStatus* status) {
  return with_gpu(device, status != nullptr, [&](const GpuView& gpu) {
    if (status->version != kRepairStatusV1) return Return::argument_version_mismatch;
    *status = {kRepairStatusV1, static_cast<unsigned>(gpu.dynamic.channel_repair_pending),
               static_cast<unsigned>(gpu.dynamic.tpc_repair_pending)};
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
    const auto few = static_cast<unsigned>(gpu.dynamic.banks_with_few_rows);
    const auto none = static_cast<unsigned>(gpu.dynamic.banks_without_rows);
    const auto touched =
        static_cast<unsigned>(std::min<std::int64_t>(rows, kBanks - few - none));  // one row in each
    *histogram = {kBanks - touched - few - none, touched, 0, few, none};
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
