#include <algorithm>

#include "kernels/cuda_support.h"
#include "kernels/round_trips/chain.h"
#include "kernels/round_trips/round_trips.h"
#include "kernels/round_trips/walker.h"

namespace assay::latency::ASSAY_TARGET {
namespace {

constexpr std::size_t kSmall = 64;

/// What a small copy carries; another one every time.
struct Parcel {
  std::uint64_t of[kSmall / sizeof(std::uint64_t)];
};

Parcel parcel_of(std::uint64_t seed) {
  Parcel parcel{};
  for (std::uint64_t& part : parcel.of) part = seed = memory::mix64(seed);
  return parcel;
}

bool differs(const Parcel& a, const Parcel& b) {
  return !std::equal(std::begin(a.of), std::end(a.of), std::begin(b.of));
}

class RoundTripsOfGpu final : public HostRoundTrips {
 public:
  RoundTripsOfGpu(Host& host, int numa_node, std::uint64_t seed)
      : seed_(seed),
        chain_(host.allocate(kChainBytes, numa_node)),
        parcel_(host.allocate(kSmall, numa_node)),
        pinned_chain_(*chain_),
        pinned_parcel_(*parcel_) {
    auto* const words = static_cast<Word128*>(chain_->data());
    for (std::uint64_t place = 0; place < kPlaces; ++place)
      words[place * memory::kLineWords] = link_at(place, seed);
  }

  double load(int loads) override {
    return walker_.walk(pinned_chain_.on_device<Word128>(), seed_, static_cast<std::uint64_t>(loads),
                        WorkKind::host_round_trips, kNoPeer);
  }
  double copy_to_device() override {
    const Parcel sent = parcel_of(++copies_ ^ seed_);
    *static_cast<Parcel*>(parcel_->data()) = sent;
    const double seconds = timed(there_.get(), parcel_->data(), cudaMemcpyHostToDevice);
    if (differs(there_.download(), sent)) ++wrong_copies_;
    return seconds;
  }
  double copy_to_host() override {
    const Parcel there = there_.download();
    *static_cast<Parcel*>(parcel_->data()) = parcel_of(~there.of[0]);
    const double seconds = timed(parcel_->data(), there_.get(), cudaMemcpyDeviceToHost);
    if (differs(*static_cast<Parcel*>(parcel_->data()), there)) ++wrong_copies_;
    return seconds;
  }
  std::uint64_t wrong_words() const override { return walker_.wrong() + wrong_copies_; }

 private:
  double timed(void* to, const void* from, cudaMemcpyKind kind) {
    watch_.start();
    for (int i = 0; i < kCopiesInASample; ++i)
      cuda::check(cudaMemcpyAsync(to, from, kSmall, kind, cudaStreamPerThread), "copy");
    return watch_.stop() / kCopiesInASample;
  }

  std::uint64_t seed_, copies_ = 0, wrong_copies_ = 0;
  std::unique_ptr<HostMemory> chain_, parcel_;
  cuda::Pinned pinned_chain_, pinned_parcel_;
  Walker walker_;
  cuda::Resident<Parcel> there_;
  cuda::Stopwatch watch_;
};

}  // namespace

std::unique_ptr<HostRoundTrips> make_host_round_trips(Gpu& gpu, Host& host, int numa_node,
                                                      std::uint64_t seed) {
  gpu.make_current();
  return std::make_unique<RoundTripsOfGpu>(host, numa_node, seed);
}

}  // namespace assay::latency::ASSAY_TARGET
