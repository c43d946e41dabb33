// Where ranks meet between collectives, and after one that hangs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/check.h"

namespace assay::collective {

/// Ranks::exchange. Throws DeviceError of codes::collective_hung_somewhere where others hang, in what this
/// rank has done already.
std::vector<std::string> meet(Context& context, const std::string& mine, double most_s = 0);

/// The same for a rank that hangs, which has asked NCCL for so many calls. What all bring, whether they hang
/// or not.
std::vector<std::string> meet_after_hang(Context& context, std::uint64_t asked, double most_s);

/// Whether the rank hangs as well, and has asked for as much as anybody else who does. One that NCCL knows
/// less of than of others has then lost a call; else it waits for what others sent in one before, and have
/// left behind.
bool has_asked_for_all(const std::vector<std::string>& brought, int rank);

}  // namespace assay::collective
