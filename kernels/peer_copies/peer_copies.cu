#include <algorithm>
#include <utility>

#include "kernels/cuda_support.h"
#include "kernels/each_word.h"
#include "kernels/instructions/memory.h"
#include "kernels/peer_copies/peer_copies.h"
#include "kernels/random_words.h"
#include "kernels/round_trips/chain.h"
#include "kernels/round_trips/walker.h"

namespace assay::nvlink::ASSAY_TARGET {
namespace {

using latency::ASSAY_TARGET::kChainBytes;
using latency::ASSAY_TARGET::kPlaces;
using latency::ASSAY_TARGET::link_at;
using latency::ASSAY_TARGET::Walker;
using memory::BadWordList;
using memory::BadWords;

constexpr unsigned kThreads = 512, kBlocksPerSm = 2;

/// One side of it is the peer's. With `tag`, so that what is meant for one is not taken for what is meant for
/// another.
__global__ void __launch_bounds__(kThreads)
    carry(Word128* to, const Word128* from, std::uint64_t words, Word128 tag, int times) {
  using memory::operator^;
  for (int time = 0; time < times; ++time) {
    cuda::for_each_word<kThreads>(
        words, [&](std::uint64_t i) { cuda::store_streaming(to + i, cuda::load_streaming(from + i) ^ tag); });
  }
}

__global__ void __launch_bounds__(kThreads) lay(Word128* chain, std::uint64_t seed) {
  cuda::for_each_word<kThreads>(kPlaces, [&](std::uint64_t place) {
    cuda::store_streaming(chain + place * memory::kLineWords, link_at(place, seed));
  });
}

/// What one GPU has for it. Made, and used, while the GPU is the current one.
struct Side {
  Side(Gpu& of, std::uint64_t bytes, std::uint64_t seed_of_chain)
      : gpu(of),
        ordinal(make_current_and_ask(of)),
        out(of.allocate(bytes)),
        in(of.allocate(bytes)),
        chain(of.allocate(kChainBytes)) {
    cuda::launch({4, kThreads}, Work(WorkKind::write, static_cast<double>(kChainBytes)), lay,
                 cuda::pointer<Word128>(chain), seed_of_chain);
    // The first launch of a kernel loads it: nobody is to be timed by that.
    walker.walk(cuda::pointer<const Word128>(chain), seed_of_chain, kPlaces, WorkKind::read, kNoPeer);
  }
  static int make_current_and_ask(Gpu& gpu) {
    int device = 0;
    gpu.make_current();
    cuda::check(cudaGetDevice(&device), "which device");
    return device;
  }

  Gpu& gpu;
  int ordinal;
  std::unique_ptr<DeviceBuffer> out, in, chain;
  std::uint64_t seed = 0;  // of what is in `out`
  cuda::Stopwatch watch;
  cuda::Resident<BadWordList> bad;
  Walker walker;
};

class PeerCopiesOfGpus final : public PeerCopies {
 public:
  PeerCopiesOfGpus(const std::vector<Gpu*>& gpus, std::uint64_t bytes, std::uint64_t seed)
      : bytes_(bytes), seed_(seed) {
    for (Gpu* gpu : gpus) sides_.push_back(std::make_unique<Side>(*gpu, bytes, seed));
    for (std::size_t a = 0; a < gpus.size(); ++a) {
      for (std::size_t b = 0; b < gpus.size(); ++b) reaches_.push_back(a != b && let_reach(a, b));
    }
  }

  bool reaches(std::size_t from, std::size_t to) const override {
    return reaches_[from * sides_.size() + to];
  }

  Passage one_way(Engine engine, std::size_t from, std::size_t to) override {
    prepare(from);
    clear(to);
    Side &sender = *sides_[from], &receiver = *sides_[to];
    Side& at_work = engine == Engine::loads ? receiver : sender;
    const Side& other = engine == Engine::loads ? sender : receiver;
    at_work.gpu.make_current();
    at_work.watch.start();
    if (engine == Engine::copies) {
      cuda::overlapped(1, share(), [&] { copy(from, to); });
    } else {
      cuda::launch(grid(at_work), work_between(engine, at_work, other, bytes_), carry,
                   cuda::pointer<Word128>(receiver.in), cuda::pointer<const Word128>(sender.out), words(),
                   memory::kNoTag, 1);
    }
    const double seconds = at_work.watch.stop();
    return {from, to, seconds, bytes_, look(to, 0, words(), sender.seed, memory::kNoTag)};
  }

  Passage both_ways(std::size_t a, std::size_t b, int times) override {
    for (const std::size_t one : {a, b}) {
      prepare(one);
      clear(one);
    }
    for (const std::size_t one : {a, b}) {
      sides_[one]->gpu.make_current();
      sides_[one]->watch.start();
    }
    cuda::overlapped(times, share(), [&] {
      copy(a, b);
      copy(b, a);
    });
    for (const std::size_t one : {a, b}) {
      sides_[one]->gpu.make_current();
      sides_[one]->watch.finish();
    }
    const double seconds = std::max(sides_[a]->watch.seconds(), sides_[b]->watch.seconds());
    Passage passage{a, b, seconds, bytes_ * static_cast<std::uint64_t>(times),
                    look(b, 0, words(), sides_[a]->seed, memory::kNoTag)};
    passage.arrived_bad += look(a, 0, words(), sides_[b]->seed, memory::kNoTag);
    return passage;
  }

  RoundTrip round_trip(std::size_t at, std::size_t other, int loads) override {
    Side &here = *sides_[at], &there = *sides_[other];
    here.gpu.make_current();
    if (!reaches(at, other)) return copy_of_a_word(here, there);
    const bool own = here.ordinal == there.ordinal;
    const std::uint64_t wrong_before = here.walker.wrong();
    const double seconds =
        here.walker.walk(cuda::pointer<const Word128>(there.chain), seed_, static_cast<std::uint64_t>(loads),
                         own ? WorkKind::read : WorkKind::peer_round_trips, own ? kNoPeer : there.ordinal);
    return {seconds, here.walker.wrong() - wrong_before};
  }

  std::vector<Passage> all_at_once(int times) override {
    for (std::size_t one = 0; one < sides_.size(); ++one) {
      prepare(one);
      clear(one);
    }
    std::vector<Way> ways = all_ways();
    const std::uint64_t bytes = bytes_of_each(bytes_, sides_.size());
    cuda::overlapped(1, 1, [&] {
      for (Way& way : ways) {
        const Side &sender = *sides_[way.from], &receiver = *sides_[way.to];
        sender.gpu.make_current();
        cuda::Shape part = grid(sender);
        part.blocks = std::max(1u, part.blocks / static_cast<unsigned>(sides_.size()));
        part.stream = way.stream->get();
        way.watch->start(part.stream);
        // The same words again: under the emulation, in the time of all.
        cuda::launch(part,
                     work_between(Engine::stores, sender, receiver, bytes * static_cast<unsigned>(times)),
                     carry, slice(receiver, way.from), cuda::pointer<const Word128>(sender.out),
                     slice_words(), tag(way), sender.gpu.emulated() ? 1 : times);
        way.watch->finish(part.stream);
      }
    });
    std::vector<Passage> passages;
    for (Way& way : ways) {
      sides_[way.from]->gpu.make_current();
      passages.push_back({way.from, way.to, way.watch->seconds(), bytes * static_cast<unsigned>(times), {}});
    }
    for (std::size_t i = 0; i < ways.size(); ++i)
      passages[i].arrived_bad = look(ways[i].to, ways[i].from * slice_words(), slice_words(),
                                     sides_[ways[i].from]->seed, tag(ways[i]));
    return passages;
  }

 private:
  /// Of one kernel that stores to one peer, beside the others.
  struct Way {
    std::size_t from, to;
    std::unique_ptr<cuda::Stream> stream;
    std::unique_ptr<cuda::Stopwatch> watch;
  };

  bool let_reach(std::size_t from, std::size_t to) {
    const Side &here = *sides_[from], &there = *sides_[to];
    if (here.ordinal == there.ordinal) return true;
    int can = 0;
    cuda::check(cudaDeviceCanAccessPeer(&can, here.ordinal, there.ordinal), "peer access");
    if (can == 0) return false;
    here.gpu.make_current();
    const cudaError_t error = cudaDeviceEnablePeerAccess(there.ordinal, 0);
    if (error == cudaErrorPeerAccessAlreadyEnabled) {
      cudaGetLastError();
    } else {
      cuda::check(error, "peer access");
    }
    return true;
  }

  std::uint64_t words() const { return sides_.front()->out->words(); }
  /// Under the emulation a share of the bytes is there, and is moved in the time of all.
  double share() const {
    return static_cast<double>(bytes_) / (static_cast<double>(words()) * sizeof(Word128));
  }
  /// A part of what a GPU receives into, for each that it receives from.
  std::uint64_t slice_words() const { return words() / sides_.size(); }
  Word128* slice(const Side& receiver, std::size_t from) const {
    return cuda::pointer<Word128>(receiver.in) + from * slice_words();
  }
  Word128 tag(const Way& way) const {
    const std::uint64_t number = way.from * sides_.size() + way.to + 1;
    return {memory::mix64(seed_ ^ number), memory::mix64(seed_ + number)};
  }
  static cuda::Shape grid_of(const Side& side, unsigned threads) {
    const std::uint64_t needed = side.out->words() / threads + 1;
    const auto most = kBlocksPerSm * static_cast<unsigned>(side.gpu.multiprocessors());
    return {static_cast<unsigned>(std::min<std::uint64_t>(most, needed)), threads};
  }
  static cuda::Shape grid(const Side& side) { return grid_of(side, kThreads); }
  static cuda::Shape random_grid(const Side& side) { return grid_of(side, memory::kRandomWordsThreads); }
  static Work work_between(Engine engine, const Side& at_work, const Side& other, std::uint64_t bytes) {
    if (at_work.ordinal == other.ordinal) return {WorkKind::copy, 2 * static_cast<double>(bytes)};
    return work_of(engine, bytes, other.ordinal);
  }

  /// Other data than before.
  void prepare(std::size_t number) {
    Side& side = *sides_[number];
    side.seed = memory::mix64(seed_ + ++fills_);
    side.gpu.make_current();
    cuda::launch(random_grid(side), Work(WorkKind::write, static_cast<double>(bytes_)),
                 memory::fill_with_random_words, cuda::pointer<Word128>(side.out), words(), side.seed);
    cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "fill");
  }
  /// Nothing of what is to come was there before.
  void clear(std::size_t number) {
    const Side& side = *sides_[number];
    side.gpu.make_current();
    cuda::launch(random_grid(side), Work(WorkKind::write, static_cast<double>(bytes_)),
                 memory::fill_with_random_words, cuda::pointer<Word128>(side.in), words(), ~side.seed);
    cuda::check(cudaStreamSynchronize(cudaStreamPerThread), "fill");
  }
  /// On the sender's own stream.
  void copy(std::size_t from, std::size_t to) {
    sides_[from]->gpu.make_current();
    cuda::check(cudaMemcpyAsync(sides_[to]->in->device_pointer(), sides_[from]->out->device_pointer(),
                                words() * sizeof(Word128), cudaMemcpyDeviceToDevice, cudaStreamPerThread),
                "copy");
  }
  RoundTrip copy_of_a_word(Side& here, const Side& there) {
    here.watch.start();
    cuda::check(cudaMemcpyAsync(here.in->device_pointer(), there.chain->device_pointer(), sizeof(Word128),
                                cudaMemcpyDeviceToDevice, cudaStreamPerThread),
                "copy");
    const double seconds = here.watch.stop();
    const Word128 arrived = cuda::download<Word128>(here.in->device_pointer(), 1).front();
    return {seconds, arrived.high == memory::mix64(arrived.low ^ seed_) ? 0u : 1u};
  }
  BadWords look(std::size_t number, std::uint64_t first, std::uint64_t count, std::uint64_t seed,
                Word128 tag) {
    Side& side = *sides_[number];
    side.gpu.make_current();
    side.bad.clear();
    const double bytes =
        static_cast<double>(bytes_) * static_cast<double>(count) / static_cast<double>(words());
    cuda::launch(random_grid(side), Work(WorkKind::read, bytes), memory::look_through_random_words,
                 cuda::pointer<const Word128>(side.in) + first, count, seed, tag, side.bad.get());
    return side.bad.download().words();
  }

  std::vector<Way> all_ways() {
    std::vector<Way> ways;
    for (std::size_t from = 0; from < sides_.size(); ++from) {
      sides_[from]->gpu.make_current();
      for (std::size_t to = 0; to < sides_.size(); ++to) {
        if (reaches(from, to))
          ways.push_back({from, to, std::make_unique<cuda::Stream>(), std::make_unique<cuda::Stopwatch>()});
      }
    }
    return ways;
  }

  std::uint64_t bytes_, seed_, fills_ = 0;
  std::vector<std::unique_ptr<Side>> sides_;
  std::vector<bool> reaches_;
};

}  // namespace

std::unique_ptr<PeerCopies> make_peer_copies(const std::vector<Gpu*>& gpus, std::uint64_t bytes,
                                             std::uint64_t seed) {
  return std::make_unique<PeerCopiesOfGpus>(gpus, bytes, seed);
}

}  // namespace assay::nvlink::ASSAY_TARGET
