// What the environment tells NCCL (docs.nvidia.com, NCCL environment variables;
// src/graph/tuning.cc:parseList, src/misc/param.cc of 2.28.9), as far as a client of ours relies on it.
#pragma once

#include <cstdint>
#include <string>

namespace assay::nccl {

enum class Function { broadcast, reduce, all_gather, reduce_scatter, all_reduce, send_receive };
inline constexpr int kTunedFunctions = 5;  // that have algorithms, and that RAS counts
/// "AllReduce".
const char* name_of(Function function);

enum class Algorithm { tree, ring, nvls, pat };
inline constexpr int kAlgorithms = 4;
enum class Protocol { ll, ll128, simple };
inline constexpr int kProtocols = 3;
/// As the profiler's plugin is told: "RING", "LL128".
const char* name_of(Algorithm algorithm);
const char* name_of(Protocol protocol);

/// Of a communicator: read as it is initialised.
struct Settings {
  bool algorithms[kTunedFunctions][kAlgorithms], protocols[kTunedFunctions][kProtocols];
  bool names_protocols[kTunedFunctions] = {};  // then nobody asks whether the platform is one for LL128
  int nvls_enable = 2;                         // 0: off; 1: or fail; 2: where it can be
  std::string host_id;                         // in the place of the host's name
  std::string wrong;        // not empty: initialisation fails for this reason, invalid usage
  std::string ras_address;  // empty: RAS is off
  bool uses_static_profiler = false;
};

Settings settings_of_environment();
/// Every algorithm and protocol may be taken again.
void allow_all(Settings& settings);

}  // namespace assay::nccl
