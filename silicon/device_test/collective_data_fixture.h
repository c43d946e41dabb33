// Ranks' buffers on the test's GPU, filled for a collective that the host plays instead of NCCL, and what is
// found in them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/collective_data/collective_data.h"
#include "silicon/device_test/collective_arithmetic_fixture.h"
#include "silicon/device_test/device_memory.h"

namespace assay::collective {

inline constexpr int kMostRanks = 8;
inline constexpr std::uint64_t kBytes = 1 << 16;
/// The last is the largest prime whose eight parts of f64 fit.
inline constexpr std::uint64_t kCounts[] = {1, 13, 1021};
static_assert(kCounts[2] * kMostRanks * sizeof(double) <= kBytes);
inline constexpr Op kOps[] = {Op::sum, Op::prod, Op::max, Op::min, Op::avg};

inline Elements download(const void* from, DataType type, std::uint64_t count) {
  const unsigned bytes = nccl::bytes_of(type);
  Elements all(count);
  if (count == 0) return all;
  const std::vector<unsigned char> raw = cuda::download<unsigned char>(from, count * bytes);
  for (std::size_t i = 0; i < count; ++i) std::memcpy(&all[i], &raw[i * bytes], bytes);
  return all;
}

/// The driver may return before what lies in pageable memory has arrived (CUDA runtime API, "API
/// synchronization behavior").
inline void upload_bytes(void* to, const std::vector<unsigned char>& raw) {
  if (raw.empty()) return;
  cuda::check(cudaMemcpy(to, raw.data(), raw.size(), cudaMemcpyHostToDevice), "upload");
  cuda::check(cudaDeviceSynchronize(), "upload");
}

inline void upload(void* to, DataType type, const Elements& elements) {
  const unsigned bytes = nccl::bytes_of(type);
  std::vector<unsigned char> raw(elements.size() * bytes);
  for (std::size_t i = 0; i < elements.size(); ++i) std::memcpy(&raw[i * bytes], &elements[i], bytes);
  upload_bytes(to, raw);
}

inline std::string text_of(const Request& request, int ranks) {
  std::string text(nccl::name_of(request.collective));
  text += " of " + std::to_string(request.count) + " " + std::string(nccl::name_of(request.type));
  if (nccl::reduces(request.collective)) text += " " + std::string(nccl::name_of(request.op));
  return text + ", " + std::to_string(ranks) + " ranks, root " + std::to_string(request.root);
}

/// The places where two differ.
inline std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> differences(const Elements& right,
                                                                                    const Elements& is) {
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> all;
  for (std::size_t i = 0; i < right.size(); ++i) {
    if (right[i] != is.at(i)) all[i] = {right[i], is[i]};
  }
  return all;
}

/// All of them are counted, and those that are listed are theirs, in their order.
inline void expect_found(const Mismatches& found, const Elements& right, const Elements& is) {
  const auto wrong = differences(right, is);
  EXPECT_EQ(found.count, wrong.size());
  EXPECT_EQ(found.outside, 0u);
  EXPECT_EQ(found.first.size(), std::min(wrong.size(), Mismatches::kMost));
  std::set<std::uint64_t> listed;
  for (const Mismatch& mismatch : found.first) {
    EXPECT_TRUE(listed.empty() || *listed.rbegin() < mismatch.element) << "element " << mismatch.element;
    listed.insert(mismatch.element);
    ASSERT_EQ(wrong.count(mismatch.element), 1u) << "element " << mismatch.element;
    EXPECT_EQ(mismatch.expected, wrong.at(mismatch.element).first) << "element " << mismatch.element;
    EXPECT_EQ(mismatch.actual, wrong.at(mismatch.element).second) << "element " << mismatch.element;
  }
}

template <typename Visit>
void for_each_type(const Visit& visit) {
  for (int type = 0; type < nccl::kDataTypes; ++type) visit(static_cast<DataType>(type));
}
template <typename Visit>
void for_each_type_and_op(const Visit& visit) {
  for_each_type([&](DataType type) {
    for (const Op op : kOps) visit(type, op);
  });
}

struct CollectiveDataDeviceHalf : testing::Test {
  CollectiveDataDeviceHalf() {
    for (int rank = 0; rank < kMostRanks; ++rank) data.push_back(make_rank_data(gpu, kBytes));
  }

  RankData& of_rank(int rank) { return *data[static_cast<std::size_t>(rank)]; }

  /// All ranks'. Returns what each is to send.
  std::vector<Elements> prepared(const Request& request, int ranks, bool in_place, std::uint64_t seed = 1) {
    for (int rank = 0; rank < ranks; ++rank) of_rank(rank).prepare({request, rank, ranks, seed}, in_place);
    cuda::check(cudaDeviceSynchronize(), "prepare");
    std::vector<Elements> sent;
    for (int rank = 0; rank < ranks; ++rank)
      sent.push_back(download(of_rank(rank).send(), request.type, nccl::sent_by(request, rank, ranks)));
    return sent;
  }

  /// As the job prepared last for this rank finds it.
  Mismatches looked_through(int rank, DataType type, const Elements& received) {
    upload(of_rank(rank).receive(), type, received);
    return of_rank(rank).look_through();
  }

  void expect_right(const Request& request, int ranks, bool in_place) {
    SCOPED_TRACE(text_of(request, ranks) + (in_place ? ", in place" : ""));
    const std::vector<Elements> received = played(request, prepared(request, ranks, in_place));
    for (int rank = 0; rank < ranks; ++rank) {
      const Elements& own = received[static_cast<std::size_t>(rank)];
      EXPECT_EQ(own.size(), nccl::received_by(request, rank, ranks));
      const Mismatches found = looked_through(rank, request.type, own);
      ASSERT_EQ(found.count, 0u) << "rank " << rank;
      ASSERT_EQ(found.outside, 0u) << "rank " << rank;
      ASSERT_TRUE(found.first.empty());
    }
  }

  /// With every number of ranks and elements, in place where that can be, with each rank as root in turn.
  void expect_right_in_all_shapes(Collective collective, DataType type, Op op) {
    for (const int ranks : {1, 2, 3, 8}) {
      if (!can(type, op, ranks)) continue;
      for (const std::uint64_t count : kCounts) {
        for (const bool in_place : {false, true}) {
          if (in_place && !nccl::can_be_in_place(collective)) continue;
          expect_right({collective, type, op, count, nccl::has_root(collective) ? turn_++ % ranks : 0}, ranks,
                       in_place);
          if (HasFatalFailure()) return;
        }
      }
    }
  }

  memory::GpuInReach gpu;
  std::vector<std::unique_ptr<RankData>> data;

 private:
  int turn_ = 0;
};

}  // namespace assay::collective
