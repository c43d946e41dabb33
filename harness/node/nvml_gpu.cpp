#include "harness/node/nvml_gpu.h"

#include <fmt/format.h>

#include <vector>

#include "harness/model/versions.h"

namespace assay::nvml {

Integer GpuQuery::number(const Function<Return(Device, unsigned*)>& function) {
  unsigned value = 0;
  const Return result = ask(function, &value);
  return integer(result, value);
}

Integer GpuQuery::number(const Function<Return(Device, unsigned, unsigned*)>& function, unsigned argument) {
  unsigned value = 0;
  const Return result = ask(function, argument, &value);
  return integer(result, value);
}

Text GpuQuery::text(const Function<Return(Device, char*, unsigned)>& function) {
  char buffer[96] = {};  // the longest that nvml.h asks for
  const Return result = ask(function, buffer, static_cast<unsigned>(sizeof(buffer)));
  if (result != Return::success) return Text::none(word(result));
  buffer[sizeof(buffer) - 1] = '\0';
  return Text::of(buffer);
}

Integer GpuQuery::field(unsigned id, unsigned scope) {
  FieldValue value{};
  value.field_id = id;
  value.scope_id = scope;
  const Return result = ask(api_.field_values, 1, &value);
  if (result != Return::success) return Integer::none(word(result));
  if (means_lost(value.result)) lost_ = word(value.result);
  if (value.result != Return::success) return Integer::none(word(value.result));
  switch (value.value_type) {
    case kDouble:
      return Integer::of(static_cast<std::int64_t>(value.value.d));
    case kUnsignedInt:
      return Integer::of(value.value.ui);
    case kUnsignedLong:
      return Integer::of(static_cast<std::int64_t>(value.value.ul));
    case kUnsignedLongLong:
      return Integer::of(static_cast<std::int64_t>(value.value.ull));
    case kSignedLongLong:
      return Integer::of(value.value.sll);
    case kSignedInt:
      return Integer::of(value.value.si);
    case kUnsignedShort:
      return Integer::of(value.value.us);
  }
  return Integer::none("unknown_value_type");
}

std::string pci_address(unsigned domain, unsigned bus, unsigned device) {
  return fmt::format("{:04x}:{:02x}:{:02x}.0", domain, bus, device);
}

field::Slowdowns slowdown_fields(const std::string& driver_version) {
  // 580.65.06 came with CUDA 13.0, the next branch release with 13.0 Update 1.
  const bool renumbered = DriverVersion{580, 65} < DriverVersion::of(driver_version);
  return renumbered ? field::slowdowns : field::slowdowns_before_13_0_1;
}

}  // namespace assay::nvml
