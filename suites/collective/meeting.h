// Where ranks meet between collectives, and after one that hangs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/check.h"

namespace assay::collective {

/// Ranks::exchange. Throws DeviceError of codes::collective_hung_somewhere where others hang, in what this
/// rank has done already.
std::vector<std::string> meet(Context& context, const std::string& mine, double most_s = 0);

/// What a rank that hangs knows of it.
struct HungRank {
  std::uint64_t asked = 0;  // calls of NCCL that it has made
  int culprit = -1;         // the rank that holds the others up, as NCCL's RAS tells it; -1: it tells of none
  std::string why;          // for people; empty: it has not asked
};

/// The same for a rank that hangs. By rank; nothing of those that do not hang.
std::vector<std::optional<HungRank>> meet_after_hang(Context& context, const HungRank& mine, double most_s);

/// What comes of it: whom RAS accuses, if that one hangs as well and has asked for as much as anybody else
/// who does. One that NCCL knows less of than of others has then lost a call; else it waits for what others
/// sent in one before, and have left behind.
HungRank all_considered(const std::vector<std::optional<HungRank>>& ranks);

}  // namespace assay::collective
