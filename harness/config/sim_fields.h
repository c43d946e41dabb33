// How much a simulated node holds: its state is one plain struct (node_sim/state.h). The reader of its file
// knows it too, so that what does not fit is an error of the file.
#pragma once

#include <cstddef>

namespace assay::config {

inline constexpr std::size_t kLongestFaultText = 255;
/// Of 16 bytes, behind each GPU.
inline constexpr int kMostCellWords = 1 << 22;
inline constexpr int kMostSimGpus = 8;
inline constexpr int kMostSimSwitches = 4;
inline constexpr int kMostSimFaults = 16;
/// A root port, and two switches.
inline constexpr std::size_t kMostPciPortsAbove = 5;

// Bytes, with the zero at the end.
inline constexpr std::size_t kGpuNameSize = 64, kUuidSize = 64, kSerialSize = 32, kBoardPartNumberSize = 64,
                             kVbiosSize = 32, kDriverVersionSize = 32, kPciSlotSize = 16;

}  // namespace assay::config
