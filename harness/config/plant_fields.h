// Parts of a simulated node's plant that its state holds as its file does (node_sim/state.h): plain data.
#pragma once

namespace assay::config {

/// What blows at a GPU turns in steps: quietly at rest, as under load, and at full speed where it becomes
/// hot.
struct Fans {
  double quiet_resistance = 1, full_resistance = 1;  // of the slow pole, of what it is under load
  double loaded_from_c = 0, full_from_c = 0;         // of the core
  double hysteresis_c = 0;
  double period_s = 0;  // so often they are set
};

/// Of what work draws at the temperature at which its figures hold.
struct Leakage {
  double share = 0;
  double at_c = 0;       // that temperature
  double doubles_c = 1;  // in which it doubles
};

}  // namespace assay::config
