// One collective of the cases: done, and looked through.
#pragma once

#include <cstdint>

#include "suites/collective/cases.h"
#include "suites/collective/session.h"

namespace assay::collective {

/// Of each of a rank's buffers: the largest size, and what it may have on top.
inline constexpr std::uint64_t kBufferBytes = (1ull << 30) + 4096;

struct Trial {
  Job job;
  Mismatches wrong;
};

/// All ranks of the session at the same time. `bytes_there`: of everybody's buffers. Throws DeviceError.
Trial try_case(Session& session, RankData& data, const Case& one, std::uint64_t seed,
               std::uint64_t bytes_there);

}  // namespace assay::collective
