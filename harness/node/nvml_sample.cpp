#include "harness/node/nvml_gpu.h"

namespace assay::nvml {

GpuSample GpuQuery::sample(Nanoseconds now) {
  GpuSample sample;
  sample.time = now;
  sample.power_mw = power();
  sample.sm_mhz = number(api_.clock, kClockSm);
  sample.memory_mhz = number(api_.clock, kClockMemory);
  sample.temperature_c = temperature();
  sample.memory_temperature_c = field(field::memory_temperature);
  Utilization utilization{};
  const Return result = ask(api_.utilization, &utilization);
  sample.utilisation_percent = integer(result, utilization.gpu);
  sample.memory_utilisation_percent = integer(result, utilization.memory);
  sample.throttle_reasons = throttle_reasons();
  sample.pcie_generation = number(api_.pcie_generation);
  sample.pcie_width = number(api_.pcie_width);
  sample.memory_used_mib = memory_used_mib();
  return sample;
}

Integer GpuQuery::power() {
  const Integer instantaneous = field(field::power_instant_mw);
  return instantaneous.has_value() ? instantaneous : number(api_.power_usage);
}

Integer GpuQuery::temperature() {
  Temperature newer{};
  newer.version = kTemperatureV1;
  newer.sensor = kSensorGpu;
  const Return result = ask(api_.temperature_v, &newer);
  if (!try_older(result)) return integer(result, newer.celsius);
  return number(api_.temperature, kSensorGpu);
}

Integer GpuQuery::margin() {
  MarginTemperature margin{};
  margin.version = kMarginTemperatureV1;
  const Return result = ask(api_.margin_temperature, &margin);
  return integer(result, margin.margin_c);
}

Integer GpuQuery::throttle_reasons() {
  unsigned long long reasons = 0;
  Return result = ask(api_.clocks_event_reasons, &reasons);
  if (try_older(result)) result = ask(api_.clocks_throttle_reasons, &reasons);
  return integer(result, reasons);
}

}  // namespace assay::nvml
