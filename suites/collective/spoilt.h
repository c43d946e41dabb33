// What arrived wrong, as each rank saw it, and what that says of where it went wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "suites/collective/mismatches.h"

namespace assay::collective {

/// Of one collective, as one rank saw it.
struct Seen {
  std::size_t number = 0;  // of the case, and of its repetition: the same for all ranks
  std::string text;        // for people
  nccl::Collective collective{};
  bool switched = false;  // the switches brought it to each rank, and no rank to another
  Mismatches wrong;
  std::vector<std::uint64_t> elements;  // that were wrong, the first of them
  bool complete = false;                // these are all
  Layout layout;                        // not told to other ranks
  std::vector<bool> from;  // by rank, whether some of what came from it was wrong: of what is only carried
};

/// Takes over what is told to the other ranks.
void set_elements(Seen& seen);

void to_json(nlohmann::json& j, const Seen& seen);
void from_json(const nlohmann::json& j, Seen& seen);

/// By rank, what it saw wrong.
using AllSeen = std::vector<std::vector<Seen>>;

/// Who spoils what arrives. In a ring or a tree what one spoils goes on to others, and which way it goes is
/// NCCL's own business: who alone got it wrong may be the last that it went to, and who spoilt it the one
/// before. So a rank is accused by what went straight from one to another, by which it has a part in most of
/// the ways that were wrong; or, where that accuses none, by what the switches brought to all alike and it
/// alone got wrong. Who is accused is blamed for all that can have come from there. Where all ranks have one
/// GPU, it can be no other's: what accuses none is blamed on the first that saw it.
struct Blame {
  std::vector<std::uint64_t> of_rank;  // wrong elements, by the rank that is blamed for them
  std::uint64_t unexplained = 0;       // of cases in which none is accused
};
Blame blame(const AllSeen& seen, bool have_one_gpu = false);

}  // namespace assay::collective
