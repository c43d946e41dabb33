// One GPU asked through NVML. A Reading comes of every question; which form of a call the driver has is found
// out here.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>

#include "harness/model/readings.h"
#include "harness/node/nvml_api.h"
#include "harness/node/nvml_result.h"

namespace assay::nvml {

inline constexpr unsigned kHopperNvlinks = 18;

/// One round of questions to one GPU; not shared between threads.
class GpuQuery {
 public:
  GpuQuery(const Api& api, Device device, std::string driver_version)
      : api_(api), device_(device), driver_version_(std::move(driver_version)) {}
  /// A GPU without a handle: every reading carries the reason.
  GpuQuery(const Api& api, Return no_handle)
      : api_(api), device_(nullptr), no_handle_(no_handle), lost_(word(no_handle)) {}

  /// Without `inforom_valid`.
  GpuIdentity identity();
  /// GpuIdentity::inforom_valid. The driver reads the flash for it: to be asked once.
  Integer inforom_valid();
  /// Without the margin.
  GpuSample sample(Nanoseconds now);
  /// GpuSample::margin_c. Of an H200 the question takes half a millisecond, more than all of sample()
  /// (reports/evidence/2026-11-26-h200, management.jsonl).
  Integer margin();
  GpuState state();

  /// Why the GPU did not answer, if any question so far has shown that; see means_lost.
  const std::string& lost() const { return lost_; }

 private:
  template <typename... Parameters, typename... Arguments>
  Return ask(const Function<Return(Device, Parameters...)>& function, Arguments... arguments) {
    const Return result = no_handle_ ? *no_handle_ : function(device_, arguments...);
    if (means_lost(result)) lost_ = word(result);
    return result;
  }
  Integer number(const Function<Return(Device, unsigned*)>& function);
  Integer number(const Function<Return(Device, unsigned, unsigned*)>& function, unsigned argument);
  void read_mode(const Function<Return(Device, unsigned*, unsigned*)>& function, Integer& current,
                 Integer& after_reset);
  Text text(const Function<Return(Device, char*, unsigned)>& function);
  /// `scope`: of a field of links, which one.
  Integer field(unsigned id, unsigned scope = 0);
  Integer sum_of_fields(std::initializer_list<unsigned> ids);

  void read_pci(GpuIdentity& identity);
  Text gsp_firmware();
  Integer sm_clock(unsigned id);
  Integer compute_capability();
  Integer memory_total_mib();
  Integer memory_used_mib();
  Integer temperature();
  Integer throttle_reasons();
  Integer power();
  Integer ecc(unsigned error, unsigned location, unsigned counter = kVolatile);
  void read_rows(GpuState& state);
  void read_repairs(GpuState& state);
  void read_on_chip_errors(GpuState& state);
  NvlinkReading nvlink(unsigned link);
  /// Of an active link.
  Text remote_of(unsigned link);
  Integer nvlink_errors(unsigned link, unsigned counter);
  void read_fabric(GpuState& state);
  Reading<std::vector<ForeignProcess>> processes();

  const Api& api_;
  Device device_;
  std::optional<Return> no_handle_;
  std::string driver_version_;
  std::string lost_;
};

template <typename T>
Integer integer(Return result, T value) {
  if (result != Return::success) return Integer::none(word(result));
  return Integer::of(static_cast<std::int64_t>(value));
}

/// "0000:1b:00.0": lower case, and no more digits of the domain than four where four do.
std::string pci_address(unsigned domain, unsigned bus, unsigned device);

/// The fields that count the time under each slowdown, which the driver's version decides (nvml_abi.h).
field::Slowdowns slowdown_fields(const std::string& driver_version);

}  // namespace assay::nvml
