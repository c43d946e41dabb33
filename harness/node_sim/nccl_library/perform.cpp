#include "harness/node_sim/nccl_library/perform.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace assay::nccl {
namespace {

using cuda_emulation::CollectiveCall;
using cuda_emulation::Fabric;

CollectiveCall call_at(CollectiveCall call, int rank, const Meeting& meeting) {
  call.rank = rank;
  call.ranks = meeting.ranks;
  return call;
}

bool agree(const Post& a, const Post& b) {
  return a.function == b.function && a.type == b.type && a.count == b.count && a.root == b.root &&
         a.reduction.op == b.reduction.op && a.choice.algorithm == b.choice.algorithm &&
         a.choice.protocol == b.choice.protocol;
}

class Performance {
 public:
  Performance(const Meeting& meeting, const Round& round, Fabric& fabric)
      : meeting_(meeting),
        posts_(round.posts),
        fabric_(fabric),
        ranks_(meeting.ranks),
        type_(posts_[0].type),
        bytes_(bytes_of(type_)),
        count_(posts_[0].count) {}

  void run() {
    switch (posts_[0].function) {
      case Function::broadcast:
        return hand_out(posts_[posts_[0].root].send, posts_[0].root, 0, 0, count_, count_);
      case Function::all_gather: {
        // Where a rank gathers in place, its own part is there already.
        const auto parts = kept([&](int rank) { return posts_[rank].send; }, count_);
        for (int rank = 0; rank < ranks_; ++rank)
          hand_out(parts[at(rank)].data(), rank, 0, at(rank) * count_, count_, count_ * at(ranks_));
        return;
      }
      case Function::all_reduce:
        return all_reduce();
      case Function::reduce:
        return reduce_to(posts_[0].root);
      case Function::reduce_scatter:
        return reduce_scatter();
      default:
        return;
    }
  }

 private:
  static std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

  template <typename Of>
  std::vector<std::vector<char>> kept(const Of& of, std::uint64_t count) const {
    std::vector<std::vector<char>> all;
    for (int rank = 0; rank < ranks_; ++rank) {
      const auto* const first = static_cast<const char*>(of(rank));
      all.emplace_back(first, first + count * bytes_);
    }
    return all;
  }

  void arrive(int from, int to, int step, std::uint64_t first, std::uint64_t all, char* data,
              std::uint64_t count) {
    if (count == 0) return;
    const int from_slot = switched() ? cuda_emulation::kFromSwitches : meeting_.members[from].slot;
    fabric_.arrive(call_at(call_of(posts_[to]), to, meeting_),
                   {from_slot, meeting_.members[to].slot, step, first, all, bytes_, data, count});
  }

  bool switched() const { return posts_[0].choice.algorithm == Algorithm::nvls; }
  int after(int rank) const { return (rank + 1) % ranks_; }

  /// Elements to their place in everybody's buffer of `all`, from rank to rank, or by the switches to each.
  void hand_out(const void* data, int from, int steps_before, std::uint64_t first, std::uint64_t count,
                std::uint64_t all) {
    if (count == 0) return;  // a chunk of fewer elements than ranks
    const auto* const begin = static_cast<const char*>(data);
    std::vector<char> travelling(begin, begin + count * bytes_);
    std::memcpy(static_cast<char*>(posts_[from].receive) + first * bytes_, begin, travelling.size());
    int step = steps_before;
    for (int to = after(from); to != from; to = after(to)) {
      char* const place = static_cast<char*>(posts_[to].receive) + first * bytes_;
      if (switched()) {
        std::memcpy(place, begin, travelling.size());
        arrive(from, to, steps_before + 1, first, all, place, count);
      } else {
        arrive((to + ranks_ - 1) % ranks_, to, ++step, first, all, travelling.data(), count);
        std::memcpy(place, travelling.data(), travelling.size());
      }
    }
  }

  std::uint64_t input(int rank, std::uint64_t index) const {
    return scaled(posts_[rank].reduction, type_, load_element(type_, posts_[rank].send, index));
  }

  /// Of elements from `first` on. `last`: the rank that has the sum in the end.
  std::vector<char> sums(int last, std::uint64_t first, std::uint64_t count) {
    std::vector<char> partial(count * bytes_);
    if (switched()) {
      for (std::uint64_t i = 0; i < count; ++i)
        store_element(type_, partial.data(), i, switched_sum(first + i));
      return partial;
    }
    int rank = after(last);
    for (std::uint64_t i = 0; i < count; ++i) store_element(type_, partial.data(), i, input(rank, first + i));
    for (int step = 1; step < ranks_; ++step) {
      arrive(rank, after(rank), step, first, count_, partial.data(), count);
      rank = after(rank);
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t before = load_element(type_, partial.data(), i);
        store_element(type_, partial.data(), i,
                      combined(posts_[0].reduction, type_, before, input(rank, first + i)));
      }
    }
    for (std::uint64_t i = 0; i < count; ++i)
      store_element(type_, partial.data(), i,
                    concluded(posts_[0].reduction, type_, load_element(type_, partial.data(), i)));
    return partial;
  }

  std::uint64_t switched_sum(std::uint64_t index) const {
    const bool halves = type_ == DataType::f16 || type_ == DataType::bf16;
    if (posts_[0].reduction.op == Op::sum && halves) {
      float sum = 0;
      for (int rank = 0; rank < ranks_; ++rank)
        sum += static_cast<float>(value_of(type_, input(rank, index)));
      return bits_of(type_, sum);
    }
    std::uint64_t sum = input(0, index);
    for (int rank = 1; rank < ranks_; ++rank)
      sum = combined(posts_[0].reduction, type_, sum, input(rank, index));
    return sum;
  }

  void all_reduce() {
    if (posts_[0].choice.algorithm == Algorithm::tree) {  // a chain towards rank 0, and back
      const std::vector<char> all = sums(0, 0, count_);
      return hand_out(all.data(), 0, ranks_ - 1, 0, count_, count_);
    }
    // A chunk a rank, each summed on its way round to the rank that begins to hand it out.
    const std::uint64_t chunk = (count_ + at(ranks_) - 1) / at(ranks_);
    std::vector<std::vector<char>> chunks;
    for (int rank = 0; rank < ranks_; ++rank) {
      const std::uint64_t first = std::min(count_, at(rank) * chunk);
      chunks.push_back(sums(rank, first, std::min(chunk, count_ - first)));
    }
    for (int rank = 0; rank < ranks_; ++rank) {
      const std::uint64_t first = std::min(count_, at(rank) * chunk);
      hand_out(chunks[at(rank)].data(), rank, ranks_ - 1, first, chunks[at(rank)].size() / bytes_, count_);
    }
  }

  void reduce_to(int to) {
    const std::vector<char> result = sums(to, 0, count_);
    std::memcpy(posts_[to].receive, result.data(), result.size());
  }

  void reduce_scatter() {
    std::vector<std::vector<char>> parts;
    for (int rank = 0; rank < ranks_; ++rank) parts.push_back(sums(rank, at(rank) * count_, count_));
    for (int rank = 0; rank < ranks_; ++rank) {
      std::memcpy(posts_[rank].receive, parts[at(rank)].data(), parts[at(rank)].size());
      if (switched()) arrive(rank, rank, 1, 0, count_, static_cast<char*>(posts_[rank].receive), count_);
    }
  }

  const Meeting& meeting_;
  const Post* posts_;
  Fabric& fabric_;
  int ranks_;
  DataType type_;
  unsigned bytes_;
  std::uint64_t count_;
};

}  // namespace

bool perform(Meeting& meeting, const Round& round, Fabric& fabric) {
  for (int rank = 1; rank < meeting.ranks; ++rank) {
    if (!agree(round.posts[0], round.posts[rank])) return false;
  }
  Performance(meeting, round, fabric).run();
  return true;
}

void carry(const Meeting& meeting, const Parcel& parcel, int from, int to, unsigned element_bytes,
           const CollectiveCall& call, Fabric& fabric) {
  if (parcel.bytes_sent == 0) return;
  std::memmove(parcel.to, parcel.from, parcel.bytes_sent);
  if (from == to) return;
  const std::uint64_t elements = parcel.bytes_sent / element_bytes;
  fabric.arrive(call_at(call, to, meeting), {meeting.members[from].slot, meeting.members[to].slot, 1, 0,
                                             elements, element_bytes, parcel.to, elements});
}

const char* name_of(DataType type) {
  static constexpr const char* kNames[] = {"ncclInt8",    "ncclUint8",    "ncclInt32",      "ncclUint32",
                                           "ncclInt64",   "ncclUint64",   "ncclFloat16",    "ncclFloat32",
                                           "ncclFloat64", "ncclBfloat16", "ncclFloat8e4m3", "ncclFloat8e5m2"};
  return kNames[static_cast<int>(type)];
}

CollectiveCall call_of(const Post& post) {
  return {name_of(post.function), name_of(post.choice.algorithm), name_of(post.choice.protocol),
          name_of(post.type), post.number};
}

}  // namespace assay::nccl
