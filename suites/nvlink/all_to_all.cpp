// All pairs of GPUs at the same time, as a model's experts exchange their tokens: what each gets, and whether
// it arrives.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "kernels/peer_copies/peer_copies.h"
#include "suites/arrived_bad.h"
#include "suites/nvlink/pair_matrix.h"

namespace assay {
namespace {

/// 20 ms at the rate of the links, beside which it is nothing that kernels start one after the other.
constexpr int kTimes = 32;
constexpr int kRounds = 3, kWarmUps = 1;

struct Found {
  std::vector<double> rates;  // of each round, GB/s
  double wrong = 0;
  std::string text;
};

void run(Context& context) {
  std::vector<Gpu*> gpus;
  for (int device = 0; device < context.devices(); ++device) gpus.push_back(&context.gpu(device));
  const auto peers = nvlink::make_peer_copies(gpus, nvlink::kBytes, context.seed());
  std::vector<Found> found(gpus.size() * gpus.size());
  const Nanoseconds start = context.clock().now();
  double elapsed_s = 0;
  for (int round = 0; round < kWarmUps + kRounds || elapsed_s < context.duration_s(); ++round) {
    for (const nvlink::Passage& passage : peers->all_at_once(kTimes)) {
      Found& of = found[passage.from * gpus.size() + passage.to];
      if (round >= kWarmUps) of.rates.push_back(static_cast<double>(passage.bytes) / passage.seconds * 1e-9);
      of.wrong += static_cast<double>(passage.arrived_bad.count);
      if (of.text.empty()) of.text = text_of(passage.arrived_bad);
    }
    elapsed_s = static_cast<double>(context.clock().now() - start) / static_cast<double>(kSecond);
    if (context.duration_s() > 0) context.progress(std::min(1.0, elapsed_s / context.duration_s()));
  }
  nvlink::PairMatrix rates("all_at_once", Unit::gb_per_s, std::min<double>, gpus.size());
  for (std::size_t from = 0; from < gpus.size(); ++from) {
    for (std::size_t to = 0; to < gpus.size(); ++to) {
      const Found& of = found[from * gpus.size() + to];
      if (from != to)
        rates.set(from, to, of.rates.empty() ? 0 : median(of.rates));  // none: it cannot reach it
    }
  }
  for (std::size_t a = 0; a < gpus.size(); ++a) {
    for (std::size_t b = a + 1; b < gpus.size(); ++b) {
      const Part pair = nvlink::pair_of(context, a, b);
      const Found &there = found[a * gpus.size() + b], &back = found[b * gpus.size() + a];
      context.measure_at(pair, "rate", rates.of_pair(a, b), Unit::gb_per_s);
      context.measure_at(pair, "wrong_words", there.wrong + back.wrong, Unit::count);
      const std::string& text = there.text.empty() ? back.text : there.text;
      if (!text.empty()) context.measure_at(pair, kCulprit, text);
    }
    context.measure_at(context.slot_of(static_cast<int>(a)), "rate_of_gpu", rates.sum_of_gpu(a),
                       Unit::gb_per_s);
  }
  nvlink::keep(context, {rates});
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

const Registered nvlink_all_to_all{{
    .name = "nvlink.all_to_all",
    .summary = "All GPUs send to all others at once, each as fast as its links let it, and whole",
    .scope = Scope::all_pairs,
    .measures =
        {
            {"rate", Unit::gb_per_s,
             "bytes over device time that kernels of one store to the other, while all do: the slower "
             "direction, "
             "median of 3"},
            {.name = "wrong_words",
             .meaning =
                 "words of 16 bytes that arrived other than they were sent, looked at by the receiver"},
            {kCulprit, Unit::text, "which words arrived wrong", "", false},
            {.name = "rate_of_gpu",
             .unit = Unit::gb_per_s,
             .meaning = "the lower of two sums: over what it sends, and over what it receives",
             .of = Of::gpus},
        },
    .findings = {"nvlink.slow_pair", "nvlink.slow_gpu", "nvlink.miscompare"},
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
