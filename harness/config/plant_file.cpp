#include "harness/config/plant_file.h"

#include <fmt/format.h>

#include "harness/config/figure.h"
#include "harness/config/paths.h"
#include "harness/config/reader.h"
#include "harness/config/speed_file.h"

namespace assay::config {
namespace {

double read_share(Table& root, const std::string& key) {
  const double value = read_figure(root, key, Unit::ratio);
  if (value < 0 || value >= 1) root.error(key, fmt::format("'{}' must be from 0 to less than 1", key));
  return value;
}

Fans read_fans(Table& root) {
  Fans fans;
  fans.quiet_resistance = read_positive(root, "fans_quiet", Unit::ratio);
  fans.full_resistance = read_positive(root, "fans_full", Unit::ratio);
  fans.loaded_from_c = read_positive(root, "fans_loaded_from", Unit::celsius);
  fans.full_from_c = read_positive(root, "fans_full_from", Unit::celsius);
  fans.hysteresis_c = read_positive(root, "fans_hysteresis", Unit::celsius);
  fans.period_s = read_positive(root, "fans_period", Unit::seconds);
  return fans;
}

/// Both poles together carry the published rise between idle and load; `fast_share` of it is the fast one's.
void read_heat(Table& root, PlantFile& plant) {
  const double idle_c = read_figure(root, "idle_temperature", Unit::celsius);
  const double loaded_c = read_figure(root, "loaded_temperature", Unit::celsius);
  const double loaded_w = read_positive(root, "loaded_power", Unit::watts);
  const double fast_share = read_share(root, "fast_share");
  plant.fast_time_constant_s = read_positive(root, "fast_time_constant", Unit::seconds);
  plant.slow_time_constant_s = read_positive(root, "slow_time_constant", Unit::seconds);
  plant.hbm_offset_c = read_figure(root, "hbm_offset", Unit::celsius);
  plant.hbm_extra_c = read_figure(root, "hbm_extra", Unit::celsius);
  if (!(loaded_w > plant.speed.power.idle_w) || !(loaded_c > idle_c)) {
    root.error("loaded_power", "under load a GPU takes more power and is hotter than when idle");
    return;
  }
  // At rest the fans are quiet: two points of two lines that meet where no power is drawn.
  const double at_rest = fast_share + (1 - fast_share) * plant.fans.quiet_resistance;
  const double resistance = (loaded_c - idle_c) / (loaded_w - at_rest * plant.speed.power.idle_w);
  plant.fast_resistance_c_per_w = fast_share * resistance;
  plant.slow_resistance_c_per_w = (1 - fast_share) * resistance;
  plant.ambient_c = idle_c - at_rest * resistance * plant.speed.power.idle_w;
  plant.leakage.at_c = loaded_c;
}

}  // namespace

PlantFile load_plant_file(const std::string& path, Diagnostics& diagnostics) {
  PlantFile plant;
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return plant;
  Table root = file.root();
  const std::string speed = root.name_in("speed", "speed", names("speeds"));
  if (!speed.empty()) plant.speed = load_speed(resolve("speeds", speed), diagnostics);
  plant.unit_spread = read_share(root, "unit_spread");
  plant.resistance_spread = read_share(root, "resistance_spread");
  plant.launch_noise = read_share(root, "launch_noise");
  plant.tensor_full_mhz = read_positive(root, "tensor_full_clock", Unit::megahertz);
  plant.fans = read_fans(root);
  plant.leakage.share = read_share(root, "leakage");
  plant.leakage.doubles_c = read_positive(root, "leakage_doubles", Unit::celsius);
  read_heat(root, plant);
  plant.idle_sm_mhz = read_positive(root, "idle_sm_clock", Unit::megahertz);
  plant.boost_sm_mhz = read_positive(root, "boost_sm_clock", Unit::megahertz);
  plant.memory_mhz = read_positive(root, "memory_clock", Unit::megahertz);
  plant.socket_link_bytes_per_s = read_bytes_per_s(root, "socket_link");
  return plant;
}

}  // namespace assay::config
