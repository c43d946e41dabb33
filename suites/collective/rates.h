// How fast a collective is: repeated, each repetition timed on the device and looked through.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "suites/collective/session.h"

namespace assay::collective {

/// bf16, added up, with a larger buffer of so many bytes as far as it is there. What is timed again and again
/// is looked through each time: on a simulated GPU a part of what is there is enough.
struct Sized {
  nccl::Request request;
  double times;  // as large as what is there
};
Sized sized(nccl::Collective collective, std::uint64_t bytes, const Session& session, const RankData& data,
            std::uint64_t bytes_there);

struct Timed {
  std::vector<double> seconds;  // device time, by repetition
  double bus_bytes = 0;         // of one repetition, as bus bandwidth counts them
};

/// `bytes`: of the larger buffer, which is done in what is there of it. The first repetition, which sets up
/// what NCCL puts off until then, is left out. `wrong`: told of some repetitions
/// together, where not all was right, of how many elements, and words around them. Throws DeviceError.
Timed time_collective(Session& session, RankData& data, nccl::Collective collective, std::uint64_t bytes,
                      std::uint64_t bytes_there, int repetitions, std::uint64_t seed,
                      const std::function<void(std::uint64_t elements)>& wrong);

/// Of sends of so many bytes to the rank `distance` on, and receives from the one as far back: seconds, by
/// repetition but the first. Throws DeviceError.
std::vector<double> time_sends(Session& session, RankData& data, int distance, std::uint64_t bytes,
                               std::uint64_t bytes_there, int repetitions, std::uint64_t seed,
                               const std::function<void(std::uint64_t elements)>& wrong);

/// The same again and again, in three ways, one after another so often that what changes meanwhile changes
/// all of them: not looked through; looked through after each repetition; looked through beside the next one,
/// which is received into another buffer. Seconds of the device of all repetitions of each.
struct VerificationCost {
  double unverified_s = 0, serial_s = 0, beside_s = 0;
};
/// `data`: with two buffers to receive into. Throws DeviceError.
VerificationCost time_verification(Session& session, RankData& data, nccl::Collective collective,
                                   std::uint64_t bytes, std::uint64_t bytes_there, std::uint64_t seed,
                                   const std::function<void(std::uint64_t elements)>& wrong);
/// How many collectives that takes.
inline constexpr int kRoundsOfVerification = 2, kRepetitionsOfVerification = 4;

/// Of each repetition, what is less.
void keep_least(std::vector<double>& seconds, const std::vector<double>& of_another_rank);

/// Of a collective over so many bytes, how many count: nccl-tests, PERFORMANCE.md.
double bus_bytes(nccl::Collective collective, double bytes, int ranks);

}  // namespace assay::collective
