// Which collectives are run, of what, how large, how: few cases that have every pair of what can be combined,
// and every datatype with every operator in every collective, in each way in which NCCL is made to work.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "suites/collective/legal.h"

namespace assay::collective {

/// Of the larger buffer: elements, or so many bytes of them.
struct Size {
  std::string name;        // "1 GiB and 1"
  std::uint64_t elements;  // of a rank's part; 0: by bytes
  std::uint64_t bytes = 0;
  std::uint64_t more = 0;  // elements on top
};
/// From one element to a gigabyte: primes, powers of two, one less and one more, none a multiple of what NCCL
/// takes at a time (16 bytes, lines of 120 and 128, chunks of channels).
const std::vector<Size>& sizes();

struct Case {
  nccl::Collective collective;
  nccl::DataType type;
  nccl::Op op;
  std::size_t size;  // in sizes()
  bool in_place, as_graph;
  int root;

  nccl::Request request(int ranks) const;
};

/// A case as it can be done in buffers of which so many bytes are there, and by how much it is larger.
struct Fitted {
  nccl::Request request;
  double times = 1;
};
Fitted fitted(const Case& one, int ranks, std::uint64_t bytes_there);

/// "all_reduce of 4,099 bf16, sum, in place".
std::string text_of(const Case& one, int ranks);

/// For one way. A function of its arguments: all ranks make the same.
std::vector<Case> make_cases(Way way, const Arrangement& of);

/// Of sizes(), those that no case has. Where ranks share a GPU a gigabyte goes through sockets in 2 s
/// (configs/speeds/: sockets), and a way has 18 of them: they would take longer than the whole rest.
std::vector<std::string> sizes_left_out(const Arrangement& of);

/// Of pairs that are legal (legal.h), by the names of the two things that are combined.
struct PairsCovered {
  std::string first, second;  // "datatype", "size"
  int legal = 0, covered = 0;
};
std::vector<PairsCovered> coverage_of(Way way, const Arrangement& of, const std::vector<Case>& cases);

}  // namespace assay::collective
