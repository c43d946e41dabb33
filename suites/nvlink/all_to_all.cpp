// All pairs of GPUs at the same time, as a model's experts exchange their tokens: what each gets, and whether
// it arrives.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/peer_copies/peer_copies.h"
#include "suites/nvlink/pair_matrix.h"
#include "suites/nvlink/pair_words.h"

namespace assay {
namespace {

/// 20 ms at the rate of the links, beside which it is nothing that kernels start one after the other.
constexpr int kTimes = 32;
constexpr int kRounds = 3, kWarmUps = 1;

class AllToAll {
 public:
  AllToAll(Context& context, nvlink::PeerCopies& peers)
      : context_(context),
        peers_(peers),
        gpus_(static_cast<std::size_t>(context.devices())),
        rates_(gpus_ * gpus_),
        wrong_(gpus_) {}

  void run() {
    const Nanoseconds start = context_.clock().now();
    double elapsed_s = 0;
    for (int round = 0; round < kWarmUps + kRounds || elapsed_s < context_.duration_s(); ++round) {
      for (const nvlink::Passage& passage : peers_.all_at_once(kTimes)) {
        const double rate = static_cast<double>(passage.bytes) / passage.seconds * 1e-9;
        if (round >= kWarmUps) rates_[passage.from * gpus_ + passage.to].push_back(rate);
        wrong_.add(passage.from, passage.to, passage.arrived_bad, "stores while all work");
      }
      elapsed_s = seconds_of(context_.clock().now() - start);
      if (context_.duration_s() > 0) context_.progress(std::min(1.0, elapsed_s / context_.duration_s()));
    }
  }

  void emit_what_is_wrong() const { wrong_.emit_what_is_wrong(context_); }

  /// Nothing of pairs over which nothing went, since they cannot reach one another.
  void emit() const {
    const nvlink::PairMatrix rates = matrix();
    for (std::size_t a = 0; a < gpus_; ++a) {
      for (std::size_t b = a + 1; b < gpus_; ++b) {
        const auto rate = rates.of_pair(a, b);
        nvlink::emit(context_, nvlink::pair_of(context_, a, b), "rate", rate, Unit::gb_per_s);
        if (rate) wrong_.emit(context_, a, b);
      }
      const Part& gpu = context_.slot_of(static_cast<int>(a));
      nvlink::emit(context_, gpu, "rate_of_gpu", rates.sum_of_gpu(a), Unit::gb_per_s);
      wrong_.emit_of_gpu(context_, a);
    }
    nvlink::emit(context_, "node", "rate_of_all", rates.sum_of_all(), Unit::gb_per_s);
    nvlink::keep(context_, {rates});
  }

 private:
  nvlink::PairMatrix matrix() const {
    nvlink::PairMatrix rates("all_at_once", Unit::gb_per_s, nvlink::Better::more, gpus_);
    for (std::size_t from = 0; from < gpus_; ++from) {
      for (std::size_t to = 0; to < gpus_; ++to) {
        const std::vector<double>& of = rates_[from * gpus_ + to];
        if (!of.empty()) rates.set(from, to, median(of));
      }
    }
    return rates;
  }

  Context& context_;
  nvlink::PeerCopies& peers_;
  std::size_t gpus_;
  std::vector<std::vector<double>>
      rates_;  // GB/s, of each round, by number of the sender, then of the receiver
  nvlink::PairWords wrong_;
};

void run(Context& context) {
  std::vector<Gpu*> gpus;
  for (int device = 0; device < context.devices(); ++device) gpus.push_back(&context.gpu(device));
  const auto peers = nvlink::make_peer_copies(gpus, nvlink::kBytes, context.seed());
  AllToAll test(context, *peers);
  try {
    test.run();
  } catch (const DeviceError&) {
    test.emit_what_is_wrong();
    throw;
  }
  test.emit();
  context.progress(1);
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const double bytes =
      kTimes *
      static_cast<double>(nvlink::bytes_of_each(nvlink::kBytes, static_cast<std::size_t>(speed.devices))) *
      (speed.devices - 1);
  const double ways = speed.devices * (speed.devices - 1.0);
  const double round_s =
      speed.seconds({WorkKind::peer_stores, bytes, 0}) + 2 * ways * speed.launch_s +
      speed.devices * (speed.seconds_of_demands(nvlink::work_around(nvlink::kBytes)) + 2 * speed.launch_s);
  return std::max(duration_s, (kWarmUps + kRounds) * round_s +
                                  speed.devices * speed.seconds_to_hold(2.0 * nvlink::kBytes));
}

std::vector<Measure> measures() {
  std::vector<Measure> all{
      {"rate", Unit::gb_per_s,
       "bytes over device time that kernels of one store to the other, while all do: the slower direction, "
       "median of "
       "3"},
      {.name = "rate_of_gpu",
       .unit = Unit::gb_per_s,
       .meaning =
           "the lower of two sums: over what it sends, and over what it receives; of three GPUs at least",
       .of = Of::gpus},
      {.name = "rate_of_all", .unit = Unit::gb_per_s, .meaning = "of the GPU that is best", .of = Of::node}};
  for (Measure& measure : nvlink::measures_of_pair_words()) all.push_back(std::move(measure));
  return all;
}

const Registered nvlink_all_to_all{{
    .name = "nvlink.all_to_all",
    .summary = "All GPUs send to all others at once, each as fast as its links let it, and whole",
    .scope = Scope::all_pairs,
    .measures = measures(),
    .findings = {"nvlink.slow_pair", "nvlink.slow_gpu", "nvlink.slow_switches", "nvlink.miscompare",
                 "nvlink.gpu_miscompare"},
    .run = run,
    .detects =
        "a switch, a GPU or a way between two that is slow, or changes data, only while all of them work",
    .misses = "which of the four switches it is; NCCL's own ways of doing it (collectives)",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::nvlink_in, Resource::nvlink_out, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
