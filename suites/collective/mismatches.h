// How the elements lie that a rank found wrong: a cell, a wire and a whole chunk that is late look different.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "kernels/collective_data/collective_data.h"

namespace assay::collective {

/// Of those that are listed (Mismatches::first).
struct Layout {
  std::uint64_t stride = 0;                 // they lie multiples of it apart; 0: there is one
  std::uint64_t runs = 0, longest_run = 0;  // of elements next to one another
  std::optional<std::uint64_t> block;       // of what was gathered, in whose part all are
  std::optional<std::uint64_t> channel;     // in whose share all are
  int channels = 0;                         // that NCCL took; 0: it did not say
};

/// NCCL 2.28 gives each of a collective's channels as large a piece of every rank's elements, one after the
/// other, but for 16 KiB at its ends (src/enqueue.cc, scheduleCollTasksToPlan).
Layout layout_of(const Mismatches& wrong, const nccl::Request& request, int channels);

/// "12 elements wrong, the first 17: 0x3f80 where 0x3f00 should be, bits 7, always a multiple of 8 apart, all
/// in channel 3 of 16".
std::string text_of(const Mismatches& wrong, const Layout& layout);

void to_json(nlohmann::json& j, const Layout& layout);

}  // namespace assay::collective
