// What arrived wrong, as each rank saw it, and what that says of where it went wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernels/collective_data/collective_data.h"

namespace assay::collective {

/// Of one collective, as one rank saw it.
struct Seen {
  std::size_t number = 0;  // of the case, and of its repetition: the same for all ranks
  std::string text;        // for people
  nccl::Collective collective{};
  Mismatches wrong;
  /// By rank that they came from, whether some were wrong: of collectives that carry, those that were listed.
  std::vector<bool> from;
};

void to_json(nlohmann::json& j, const Seen& seen);
void from_json(const nlohmann::json& j, Seen& seen);

/// By rank, what it saw wrong.
using AllSeen = std::vector<std::vector<Seen>>;

/// Who spoils what arrives. In a ring or a tree what one spoils goes on to others, and which way it goes NCCL chooses:
/// so that a rank is accused only by what went straight from one to another, or is wrong with it alone.
struct Blame {
  std::vector<std::uint64_t> of_rank;  // elements that were wrong in what accuses it, by rank
  std::uint64_t unexplained = 0;       // wrong elements in cases of which none accuses anybody
};
Blame blame(const AllSeen& seen);

/// "12 elements wrong, the first 17: 0x3f80 where 0x3f00 should be, bits 7, every 8th".
std::string text_of(const Mismatches& wrong);

}  // namespace assay::collective
