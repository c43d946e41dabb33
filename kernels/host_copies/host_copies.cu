#include <algorithm>
#include <cstring>

#include "kernels/cuda_support.h"
#include "kernels/host_copies/host_copies.h"
#include "kernels/random_words.h"

namespace assay::pcie::ASSAY_TARGET {
namespace {

using memory::BadWordList;
using memory::BadWords;

BadWords bad_words_on_host(const Word128* arrived, std::uint64_t words, std::uint64_t seed) {
  BadWords bad;
  for (std::uint64_t i = 0; i < words; ++i) {
    const Word128 expected = memory::random_word(seed, i);
    if (arrived[i] == expected) continue;
    ++bad.count;
    if (bad.first.size() < BadWordList::kMost) bad.first.push_back({i, expected, arrived[i]});
  }
  return bad;
}

class HostCopiesOfGpu final : public HostCopies {
 public:
  HostCopiesOfGpu(Gpu& gpu, Host& host, int numa_node, std::uint64_t bytes, std::uint64_t seed)
      : gpu_(gpu),
        on_device_{gpu.allocate(bytes), gpu.allocate(bytes)},
        on_host_{host.allocate(words() * sizeof(Word128), numa_node),
                 host.allocate(words() * sizeof(Word128), numa_node)},
        pinned_source_(*on_host_.source),
        pinned_target_(*on_host_.target),
        grid_{static_cast<unsigned>(
                  std::min<std::uint64_t>(kBlocksPerSm * static_cast<unsigned>(gpu.multiprocessors()),
                                          words() / memory::kRandomWordsThreads + 1)),
              memory::kRandomWordsThreads},
        seed_to_device_(memory::mix64(seed)),
        seed_to_host_(memory::mix64(seed_to_device_)) {
    auto* const source = static_cast<Word128*>(on_host_.source->data());
    for (std::uint64_t i = 0; i < words(); ++i) source[i] = memory::random_word(seed_to_device_, i);
    cuda::launch(grid_, Work(WorkKind::write, static_cast<double>(bytes)), memory::fill_with_random_words,
                 cuda::pointer<Word128>(on_device_.source), words(), seed_to_host_);
  }

  void begin(Way way, int copies) override {
    gpu_.make_current();
    watch_.start();
    for (cuda::Stream* stream : {&to_device_, &to_host_}) stream->follow();
    // Under the emulation a share of the bytes is there, and is moved in the time of all.
    const double share =
        static_cast<double>(on_device_.source->bytes()) / (static_cast<double>(words()) * sizeof(Word128));
    cuda::overlapped(copies, share, [&] {
      if (way != Way::to_host)
        copy(on_device_.target->device_pointer(), on_host_.source->data(), cudaMemcpyHostToDevice,
             to_device_);
      if (way != Way::to_device)
        copy(on_host_.target->data(), on_device_.source->device_pointer(), cudaMemcpyDeviceToHost, to_host_);
    });
    for (cuda::Stream* stream : {&to_device_, &to_host_}) stream->lead();
    watch_.finish();
  }

  double end() override {
    gpu_.make_current();
    return watch_.seconds();
  }

  ArrivedBad look() override {
    gpu_.make_current();
    const Work whole(WorkKind::write, static_cast<double>(bytes()));
    cuda::launch(grid_, whole, memory::fill_with_random_words, cuda::pointer<Word128>(on_device_.target),
                 words(), ~seed_to_device_);
    std::memset(on_host_.target->data(), 0, on_host_.target->bytes());
    begin(Way::both, 1);
    end();
    return compare(true);
  }

  ArrivedBad compare(bool on_host) override {
    gpu_.make_current();
    bad_.clear();
    cuda::launch(grid_, Work(WorkKind::read, static_cast<double>(bytes())), memory::look_through_random_words,
                 cuda::pointer<const Word128>(on_device_.target), words(), seed_to_device_, memory::kNoTag,
                 bad_.get());
    ArrivedBad bad{bad_.download().words(), {}};
    if (on_host)
      bad.on_host =
          bad_words_on_host(static_cast<const Word128*>(on_host_.target->data()), words(), seed_to_host_);
    return bad;
  }

  std::uint64_t bytes() const override { return on_device_.source->bytes(); }

 private:
  static constexpr unsigned kBlocksPerSm = 4;

  template <typename Memory>
  struct Ends {
    std::unique_ptr<Memory> source, target;
  };

  std::uint64_t words() const { return on_device_.source->words(); }

  void copy(void* to, const void* from, cudaMemcpyKind kind, const cuda::Stream& stream) const {
    cuda::check(cudaMemcpyAsync(to, from, words() * sizeof(Word128), kind, stream.get()), "copy");
  }

  Gpu& gpu_;
  Ends<DeviceBuffer> on_device_;
  Ends<HostMemory> on_host_;
  cuda::Pinned pinned_source_, pinned_target_;
  cuda::Shape grid_;
  std::uint64_t seed_to_device_, seed_to_host_;
  cuda::Stream to_device_, to_host_;
  cuda::Stopwatch watch_;
  cuda::Resident<BadWordList> bad_;
};

}  // namespace

std::unique_ptr<HostCopies> make_host_copies(Gpu& gpu, Host& host, int numa_node, std::uint64_t bytes,
                                             std::uint64_t seed) {
  return std::make_unique<HostCopiesOfGpu>(gpu, host, numa_node, bytes, seed);
}

std::vector<double> copy_together(const std::vector<HostCopies*>& all, Way way, int copies) {
  cuda::overlapped(1, 1, [&] {
    for (HostCopies* one : all) one->begin(way, copies);
  });
  std::vector<double> seconds;
  for (HostCopies* one : all) seconds.push_back(one->end());
  return seconds;
}

}  // namespace assay::pcie::ASSAY_TARGET
