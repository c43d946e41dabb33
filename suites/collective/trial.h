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

/// What a drill does to a collective, to see whether it is noticed; a check's own does nothing.
class Meddling {
 public:
  virtual ~Meddling() = default;
  /// Before this rank enters the collective.
  virtual void before(std::size_t /*number*/, int /*rank*/) {}
  /// Whether after() is called: then each is waited for before it is looked through.
  virtual bool changes_received() const { return false; }
  /// Once it is over, before it is looked through.
  virtual void after(std::size_t /*number*/, const Job& /*job*/, RankData& /*data*/) {}
};

/// All ranks of the session at the same time. `bytes_there`: of everybody's buffers. `number`: of the case,
/// for who meddles. Throws DeviceError.
Trial try_case(Session& session, RankData& data, const Case& one, std::uint64_t seed,
               std::uint64_t bytes_there, Meddling* meddling = nullptr, std::size_t number = 0);

}  // namespace assay::collective
