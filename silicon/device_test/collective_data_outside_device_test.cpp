// Data of collectives: what is written before and behind what is to be received is found.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "silicon/device_test/collective_data_fixture.h"

namespace assay::collective {
namespace {

constexpr std::ptrdiff_t kWordBytes = 16;

/// Received right, with a byte changed so many bytes from where the guarded buffer begins.
Mismatches with_byte_changed(CollectiveDataDeviceHalf& test, const Request& request, int rank, int ranks,
                             bool in_place, std::ptrdiff_t at) {
  const std::vector<Elements> received = played(request, test.prepared(request, ranks, in_place));
  RankData& own = test.of_rank(rank);
  upload(own.receive(), request.type, received[static_cast<std::size_t>(rank)]);
  const void* const buffer = std::min<const void*>(own.receive(), in_place ? own.send() : own.receive());
  auto* const byte = static_cast<unsigned char*>(const_cast<void*>(buffer)) + at;
  unsigned char changed = cuda::download<unsigned char>(byte, 1)[0];
  changed = static_cast<unsigned char>(changed ^ 0x10);
  upload_bytes(byte, {changed});
  return own.look_through();
}

void expect_one_outside(CollectiveDataDeviceHalf& test, const Request& request, int rank, int ranks,
                        bool in_place, std::ptrdiff_t at) {
  const Mismatches found = with_byte_changed(test, request, rank, ranks, in_place, at);
  EXPECT_EQ(found.outside, 1u) << text_of(request, ranks) << (in_place ? ", in place" : "") << ", byte "
                               << at;
  EXPECT_EQ(found.count, 0u) << text_of(request, ranks) << ", byte " << at;
}

/// Of the larger of its buffers where they are one, of what it receives where they are not.
std::ptrdiff_t bytes_guarded(const Request& request, int rank, int ranks, bool in_place) {
  const std::uint64_t receives = nccl::received_by(request, rank, ranks),
                      sends = nccl::sent_by(request, rank, ranks);
  return static_cast<std::ptrdiff_t>((in_place ? std::max(sends, receives) : receives) *
                                     nccl::bytes_of(request.type));
}

TEST_F(CollectiveDataDeviceHalf, WordsChangedBeforeAndBehindAreCounted) {
  for (const bool in_place : {false, true}) {
    for (const Collective collective :
         {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter, Collective::gather,
          Collective::scatter, Collective::broadcast}) {
      const Request request{collective, DataType::f16, Op::sum, 13, nccl::has_root(collective) ? 1 : 0};
      const std::ptrdiff_t bytes = bytes_guarded(request, 1, 3, in_place);
      const std::ptrdiff_t behind = (bytes + kWordBytes - 1) / kWordBytes * kWordBytes;
      for (const std::ptrdiff_t at :
           {std::ptrdiff_t{-1}, -kWordBytes, std::ptrdiff_t{-256}, behind, behind + 239})
        expect_one_outside(*this, request, 1, 3, in_place, at);
    }
  }
}

/// A copy of whole words would leave something in the rest of the last one.
TEST_F(CollectiveDataDeviceHalf, SoIsTheRestOfTheLastWord) {
  for (const bool in_place : {false, true}) {
    for_each_type([&](DataType type) {
      for (const std::uint64_t count : {std::uint64_t{1}, std::uint64_t{13}}) {
        const Request request{Collective::all_reduce, type, Op::sum, count, 0};
        const std::ptrdiff_t bytes = bytes_guarded(request, 1, 2, in_place);
        const std::ptrdiff_t behind = (bytes + kWordBytes - 1) / kWordBytes * kWordBytes;
        if (bytes == behind) continue;
        expect_one_outside(*this, request, 1, 2, in_place, bytes);
        expect_one_outside(*this, request, 1, 2, in_place, behind - 1);
      }
    });
  }
}

TEST_F(CollectiveDataDeviceHalf, AllWordsThatAreChangedAreCounted) {
  const Request request{Collective::all_reduce, DataType::f32, Op::sum, 16, 0};
  const Elements right = played(request, prepared(request, 2, false))[0];
  upload(of_rank(0).receive(), request.type, right);
  upload_bytes(static_cast<unsigned char*>(of_rank(0).receive()) + 64, std::vector<unsigned char>(256));
  upload_bytes(static_cast<unsigned char*>(of_rank(0).receive()) - 32, std::vector<unsigned char>(32));
  const Mismatches found = of_rank(0).look_through();
  EXPECT_EQ(found.outside, 18u);
  EXPECT_EQ(found.count, 0u);
}

/// What a larger one left behind is nothing that a smaller one changed.
TEST_F(CollectiveDataDeviceHalf, EachJobHasItsOwn) {
  for (const std::uint64_t count : {1021u, 13u, 127u, 1u})
    expect_right({Collective::all_gather, DataType::u8, Op::sum, count, 0}, 3, true);
}

}  // namespace
}  // namespace assay::collective
