// NCCL's RAS: what the library itself knows of the ranks of its communicators, asked over a socket of the
// loopback interface (ras/client_support.cc of NCCL 2.28.9). It answers while a rank hangs, and not before
// all have met.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace assay {

struct RasRank {
  int rank = 0;
  bool answers = false;  // else its process is gone, stopped, or too busy
  bool finalizing = false;
  std::map<std::string, std::uint64_t> begun;  // collectives that it has enqueued, by function
};

struct RasAnswer {
  std::string json;            // as it came, but for a comma that this version forgets
  std::vector<RasRank> ranks;  // of the communicator with most of them
};

/// "127.0.0.1:PORT", of a port that nobody listens at now, by its number, since NCCL would listen at ::1
/// where "localhost" is that first: for NCCL_RAS_ADDR of one placement's workers, so that runs side by side
/// do not answer one another.
std::string free_ras_address();

/// What the socket said. Throws std::runtime_error: it cannot be read.
RasAnswer read_ras(const std::string& text);

/// Throws std::runtime_error: nobody listens, nobody answers within so many seconds, or not so that it can be
/// read.
RasAnswer ask_ras(const std::string& address, double most_s);

}  // namespace assay
