#include "harness/config/speed_file.h"

#include "harness/config/figure.h"
#include "harness/config/reader.h"
#include "harness/model/units.h"

namespace assay::config {
namespace {

constexpr double kMillisecondsPerSecond = 1000, kOperationsPerTflop = 1e12;

/// By number of the kind.
constexpr const char* kRates[kWorkKinds] = {"read",
                                            "write",
                                            "copy",
                                            "triad",
                                            "sweep",
                                            "sweep_halves",
                                            "cached",
                                            "instructions",
                                            "bf16",
                                            "fp16",
                                            "tf32",
                                            "fp8",
                                            "int8",
                                            "fp64",
                                            "host_to_device",
                                            "device_to_host",
                                            "from_peer",
                                            "to_peer",
                                            "peer_loads",
                                            "peer_stores",
                                            "host_memory",
                                            "host_written",
                                            "peer_round_trip",
                                            "host_round_trip",
                                            "ring",
                                            "multicast",
                                            "sockets"};

}  // namespace

DeviceSpeed load_speed(const std::string& path, Diagnostics& diagnostics) {
  DeviceSpeed speed;
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return speed;
  Table root = file.root();
  const auto rate = [&](const char* key) { return read_bytes_per_s(root, key); };
  const auto size = [&](const char* key) { return read_positive(root, key, Unit::mebibytes) * kBytesPerMib; };
  const auto time = [&](const char* key) {
    return read_positive(root, key, Unit::milliseconds) / kMillisecondsPerSecond;
  };
  for (std::size_t number = 0; number < kWorkKinds; ++number) {
    const auto kind = static_cast<WorkKind>(number);
    const Resource resource = resource_of(kind);
    const char* const key = kRates[number];
    if (kind == WorkKind::peer_round_trips || kind == WorkKind::host_round_trips) {
      speed.per_s[number] = 1 / time(key);
    } else if (resource == Resource::tensor_cores || resource == Resource::cores) {
      speed.per_s[number] = read_positive(root, key, Unit::tflop_per_s) * kOperationsPerTflop;
    } else {
      speed.per_s[number] = rate(key);
    }
  }
  const auto watts = [&](const char* key) { return read_positive(root, key, Unit::watts); };
  speed.power = {watts("idle_power"),         watts("context_power"), watts("memory_power"),
                 watts("tensor_cores_power"), watts("cores_power"),   watts("power_limit")};
  const auto draw = [&](const char* key) { return read_positive(root, key, Unit::ratio); };
  speed.power.fp16_draw = draw("fp16_draw");
  speed.power.tf32_draw = draw("tf32_draw");
  speed.power.fp8_draw = draw("fp8_draw");
  speed.power.int8_draw = draw("int8_draw");
  speed.power.fp64_draw = draw("fp64_draw");
  speed.power.few_bits_draw = draw("few_bits_draw");
  speed.launch_s = time("launch");
  speed.transfer_s = time("transfer");
  speed.worker_s = time("worker");
  speed.context_s = time("context");
  speed.allocated_bytes_per_s = rate("allocate");
  speed.released_bytes_per_s = rate("release");
  speed.memory_bytes = size("memory");
  speed.reserved_bytes = size("reserved");
  speed.l2_bytes = size("l2");
  speed.collective_start_s = time("collective_start");
  speed.collective_fill_s = time("collective_fill");
  speed.collective_init_s = time("collective_init");
  speed.sockets_start_s = time("sockets_start");
  return speed;
}

}  // namespace assay::config
