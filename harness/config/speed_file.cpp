#include "harness/config/speed_file.h"

#include "harness/config/figure.h"
#include "harness/config/reader.h"

namespace assay::config {
namespace {

constexpr double kBytesPerGb = 1e9, kBytesPerMib = 1024.0 * 1024.0, kMillisecondsPerSecond = 1000,
                 kOperationsPerTflop = 1e12;

/// By number of the kind.
constexpr const char* kRates[kWorkKinds] = {
    "read",           "write",          "copy",      "triad",   "sweep",      "sweep_halves", "cached",
    "instructions",   "bf16",           "fp16",      "tf32",    "fp8",        "int8",         "fp64",
    "host_to_device", "device_to_host", "from_peer", "to_peer", "host_memory"};

}  // namespace

DeviceSpeed load_speed(const std::string& path, Diagnostics& diagnostics) {
  DeviceSpeed speed;
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return speed;
  Table root = file.root();
  const auto rate = [&](const char* key) { return read_positive(root, key, Unit::gb_per_s) * kBytesPerGb; };
  const auto size = [&](const char* key) { return read_positive(root, key, Unit::mebibytes) * kBytesPerMib; };
  const auto time = [&](const char* key) {
    return read_positive(root, key, Unit::milliseconds) / kMillisecondsPerSecond;
  };
  for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
    const Resource resource = resource_of(static_cast<WorkKind>(kind));
    const bool operations = resource == Resource::tensor_cores || resource == Resource::cores;
    speed.per_s[kind] = operations
                            ? read_positive(root, kRates[kind], Unit::tflop_per_s) * kOperationsPerTflop
                            : rate(kRates[kind]);
  }
  speed.launch_s = time("launch");
  speed.transfer_s = time("transfer");
  speed.worker_s = time("worker");
  speed.context_s = time("context");
  speed.allocated_bytes_per_s = rate("allocate");
  speed.released_bytes_per_s = rate("release");
  speed.memory_bytes = size("memory");
  speed.reserved_bytes = size("reserved");
  speed.l2_bytes = size("l2");
  return speed;
}

}  // namespace assay::config
