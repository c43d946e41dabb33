#include <algorithm>

#include "kernels/cuda_support.h"
#include "kernels/sm_paths/round.h"
#include "kernels/sm_paths/sm_paths.h"

namespace assay::compute::ASSAY_TARGET {
namespace {

/// Under the emulation one, and of many two, so that one is compared with another.
std::uint32_t rounds_done(const Gpu& gpu, std::uint32_t rounds) {
  constexpr std::uint32_t kMany = 100;
  return gpu.emulated() ? (rounds < kMany ? 1u : 2u) : rounds;
}

using cuda::pointer;

class Paths : public SmPaths {
 public:
  explicit Paths(Gpu& gpu)
      : gpu_(gpu),
        sms_(static_cast<unsigned>(gpu.multiprocessors())),
        results_(gpu.allocate(sms_ * kThreads * sizeof(ThreadResult))),
        first_wrong_(gpu.allocate(sms_ * kThreads * sizeof(FirstWrong))),
        scratch_(gpu.allocate(sms_ * kScratchBytes)),
        source_(gpu.allocate(kSourceBytes)) {}

  LaunchResult run(Datapath path, Data data, std::uint64_t seed, std::uint32_t rounds) override {
    fill_source(seed);
    Work work = work_of_round(path, sms_);
    work *= rounds;
    // Numbers of elements are added to it by bits: two small seeds would only change their order.
    const Parameters parameters{memory::mix64(seed),
                                rounds_done(gpu_, rounds),
                                data,
                                pointer<ThreadResult>(results_),
                                pointer<FirstWrong>(first_wrong_),
                                pointer<unsigned char>(scratch_),
                                pointer<const unsigned char>(source_)};
    watch_.start();
    const std::vector<cuda::StandIn> stand_ins = launch(path, parameters, work);
    LaunchResult result{watch_.stop(), results()};
    for (unsigned block = 0; block < stand_ins.size(); ++block) {
      result.blocks[block] = result.blocks[stand_ins[block].block];
      for (ThreadResult& thread : result.blocks[block].threads)
        thread.sm_at_start = thread.sm_at_end = static_cast<std::uint16_t>(stand_ins[block].sm);
    }
    return result;
  }

 private:
  std::vector<cuda::StandIn> launch(Datapath path, const Parameters& parameters, const Work& work) {
    switch (path) {
      case Datapath::fp32:
      case Datapath::fp64:
      case Datapath::fp16:
      case Datapath::integer:
      case Datapath::special:
        return launch_arithmetic(path, parameters, work, sms_);
      case Datapath::registers:
      case Datapath::shared:
        return launch_storage(path, parameters, work, sms_);
      case Datapath::load_store:
      case Datapath::bulk_copy:
        return launch_copies(path, parameters, work, sms_);
      default:
        return launch_tensor(path, parameters, work, sms_);
    }
  }

  void fill_source(std::uint64_t seed) {
    std::vector<std::uint64_t> words(kSourceBytes / sizeof(std::uint64_t));
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = memory::mix64(seed ^ (~0ULL - i));
    cuda::check(cudaMemcpy(source_->device_pointer(), words.data(), kSourceBytes, cudaMemcpyHostToDevice),
                "upload");
  }

  std::vector<BlockResult> results() const {
    const std::size_t all = std::size_t{sms_} * kThreads;
    const auto threads = cuda::download<ThreadResult>(results_->device_pointer(), all);
    const auto met = cuda::download<FirstWrong>(first_wrong_->device_pointer(), all);
    std::vector<BlockResult> blocks(sms_);
    for (unsigned block = 0; block < sms_; ++block) {
      const auto first = static_cast<std::ptrdiff_t>(block) * kThreads;
      std::copy_n(threads.begin() + first, kThreads, blocks[block].threads.begin());
      const auto begin = met.begin() + first, end = begin + kThreads;
      const bool any =
          std::any_of(begin, end, [](const FirstWrong& wrong) { return wrong.where != FirstWrong::kNone; });
      if (any) blocks[block].first_wrong.assign(begin, end);
    }
    return blocks;
  }

  Gpu& gpu_;
  unsigned sms_;
  std::unique_ptr<DeviceBuffer> results_, first_wrong_, scratch_, source_;
  cuda::Stopwatch watch_;
};

}  // namespace

std::unique_ptr<SmPaths> make_sm_paths(Gpu& gpu) {
  return std::make_unique<Paths>(gpu);
}

}  // namespace assay::compute::ASSAY_TARGET
