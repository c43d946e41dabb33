// What a full set of sweep passes detects, by fault model, on a small memory of odd size: raw cells and
// through ECC.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/testing/memory_fault_models.h"
#include "harness/testing/plain_gpu.h"
#include "harness/testing/write_back_cache.h"
#include "kernels/memory_sweep.h"
#include "kernels/shuffled_waves.h"

namespace assay::memory {
namespace {

using sim::BitPlace;
using sim::FaultModel;
using sim::FaultyCells;
using sim::ModelFault;
using sim::WriteBackCache;

constexpr int kPageShift = 8;  // two groups a page: march order matters within a page
constexpr std::uint64_t kPageWords = 1 << kPageShift;
constexpr std::uint64_t kWords = 3 * kPageWords + 77;
constexpr int kShuffles = 3;
/// The published table is of 128: ASSAY_COVERAGE_SAMPLES=128 ./dev unit --gtest_filter='MemoryCoverage*'
const int kSamples = std::getenv("ASSAY_COVERAGE_SAMPLES") == nullptr
                         ? 16
                         : std::max(1, std::atoi(std::getenv("ASSAY_COVERAGE_SAMPLES")));
/// Of coupling faults in the smaller samples: replacement that is not the worst there can be, and the worst.
constexpr double kLeastWithCache = 0.96, kLeastWithWorstCache = 0.88;

struct Outcome {
  bool miscompare = false;
  bool ecc_event = false;
};

/// One draw of all that is not known of the card: the order of warps, and what its cache does with stores.
struct Draw {
  std::uint64_t order = 1;
  std::optional<WriteBackCache::Replacement> cache;  // none: stores reach the cells at once
};

using Test = std::function<Outcome(const ModelFault&, bool ecc, const Draw&)>;

/// Lines of the cache: an eighth of the memory. A card's is a two-thousandth, so that all of a pass's lines
/// but the last have gone when the next begins.
constexpr std::size_t kCacheLines = kWords / WriteBackCache::kLineWords / 8;

/// The cache fetches whole sectors, also of the last line.
constexpr std::uint64_t kWholeLines =
    (kWords + WriteBackCache::kLineWords - 1) / WriteBackCache::kLineWords * WriteBackCache::kLineWords;

/// A device with one fault in its only buffer.
struct FaultyGpu {
  FaultyGpu(const ModelFault& fault, bool ecc, const Draw& draw)
      : buffer(gpu->allocate(kWords * sizeof(Word128))),
        words(testing_tools::words_of(*buffer)),
        cells(words, kWholeLines, fault, ecc) {
    gpu.device.set_schedule_seed(mix64(draw.order));
    if (draw.cache) cache.emplace(cells, kCacheLines, *draw.cache, draw.order);
    gpu.device.planted = cache ? static_cast<cuda_emulation::FaultyMemory*>(&*cache) : &cells;
  }
  void end_of_pass() {
    if (cache) cache->flush();
  }

  testing_tools::PlainGpu gpu;
  std::unique_ptr<DeviceBuffer> buffer;
  Word128* words;
  FaultyCells cells;
  std::optional<WriteBackCache> cache;
};

/// The sweep as it is, stopped at the first sign of the fault.
Outcome run_sweep(const ModelFault& fault, bool ecc, const Draw& draw) {
  static const std::vector<Pass> passes = full_set(1, 0, kPageShift);
  FaultyGpu gpu(fault, ecc, draw);
  const auto sweep = make_memory_sweep(*gpu.gpu, {gpu.buffer.get()}, kPageShift);
  Outcome outcome;
  for (const Pass& pass : passes) {
    sweep->run(pass);
    gpu.end_of_pass();
    outcome = {sweep->report().bad_words > 0, gpu.cells.ecc_events() > 0};
    if (outcome.miscompare || outcome.ecc_event) break;
  }
  return outcome;
}

/// For contrast: March C- on solid data, a word a thread, all threads of the memory in one unordered wave.
Outcome run_naive(const ModelFault& fault, bool ecc, const Draw& draw) {
  FaultyGpu gpu(fault, ecc, draw);
  cuda_emulation::FaultyMemory& memory = *gpu.gpu.device.planted;
  RandomOrder order(mix64(draw.order));
  std::vector<Word128*> places(kWords);
  for (std::uint64_t i = 0; i < kWords; ++i) places[i] = gpu.words + i;
  Outcome outcome;
  for (const Pass& pass : full_set(1, 0, kPageShift)) {
    const bool solid = pass.pattern.kind == PatternKind::background && is_zero(pass.pattern.bits);
    if (!solid || pass.words_of_line != kWholeLine) continue;
    for (std::uint64_t i = kWords - 1; i > 0; --i) std::swap(places[i], places[order.below(i + 1)]);
    for (Word128* const word : places) {
      const Word128 expected = pattern_word<PatternKind::background>(pass.pattern, 0);
      if (pass.read && !is_zero(memory.load(word) ^ expected)) outcome.miscompare = true;
      if (pass.write) memory.store(word, pass.read ? complement(expected) : expected);
    }
    gpu.end_of_pass();
    outcome.ecc_event = gpu.cells.ecc_events() > 0;
    if (outcome.miscompare || outcome.ecc_event) break;
  }
  return outcome;
}

struct FaultClass {
  std::string name;
  std::vector<ModelFault> faults;
};

enum class Relation { same_word, same_row, next_row, other_page };

/// Near neighbours of a victim, on either side.
BitPlace neighbour(BitPlace victim, Relation relation, RandomOrder& order) {
  const std::uint64_t row = victim.word / kLanes * kLanes;
  const std::uint64_t row_end = std::min<std::uint64_t>(row + kLanes, kWords);
  const bool above = order.below(2) == 0;
  BitPlace place = victim;
  switch (relation) {
    case Relation::same_word:
      break;
    case Relation::same_row:
      place.word = row + order.below(row_end - row);
      break;
    case Relation::next_row:
      place.word = victim.word + (above ? kLanes : kWords - kLanes);
      break;
    case Relation::other_page:
      place.word = victim.word + (above ? kPageWords : kWords - kPageWords);
      break;
  }
  place.word %= kWords;
  const int steps[] = {0, 1, 127, static_cast<int>(order.below(128))};
  place.bit = (victim.bit + steps[order.below(4)]) % 128;
  return place;
}

bool same(BitPlace a, BitPlace b) {
  return a.word == b.word && a.bit == b.bit;
}

FaultClass coupling(const std::string& name, FaultModel model, Relation relation) {
  FaultClass result{name, {}};
  RandomOrder order(static_cast<std::uint64_t>(model) * 16 + static_cast<std::uint64_t>(relation));
  while (result.faults.size() < 4 * static_cast<std::size_t>(kSamples)) {
    const BitPlace victim{order.below(kWords), static_cast<int>(order.below(128))};
    const BitPlace aggressor = neighbour(victim, relation, order);
    if (same(victim, aggressor)) continue;
    for (int variant = 0; variant < 4; ++variant) {
      result.faults.push_back({model, victim, aggressor, (variant & 1) != 0, (variant & 2) != 0});
    }
  }
  return result;
}

std::vector<FaultClass> classes() {
  std::vector<FaultClass> all;
  RandomOrder order(3);
  const auto single = [&](const std::string& name, FaultModel model) {
    FaultClass result{name, {}};
    for (int i = 0; i < 8 * kSamples; ++i) {
      const BitPlace victim{order.below(kWords), i % 128};
      const BitPlace other{(victim.word + 1 + order.below(kWords - 1)) % kWords, 0};
      result.faults.push_back({model, victim, other, order.below(2) == 0, false});
    }
    all.push_back(result);
  };
  single("stuck-at", FaultModel::stuck_at);
  single("transition", FaultModel::transition);
  single("address: no cell", FaultModel::address_none);
  single("address: alias", FaultModel::address_alias);
  single("address: several cells", FaultModel::address_several);
  const std::pair<const char*, FaultModel> couplings[] = {{"inversion", FaultModel::inversion},
                                                          {"idempotent", FaultModel::idempotent},
                                                          {"state", FaultModel::state}};
  const std::pair<const char*, Relation> relations[] = {{"same word", Relation::same_word},
                                                        {"same row", Relation::same_row},
                                                        {"next row", Relation::next_row},
                                                        {"other page", Relation::other_page}};
  for (const auto& [name, model] : couplings) {
    for (const auto& [where, relation] : relations) {
      all.push_back(coupling(std::string(name) + " coupling, " + where, model, relation));
    }
  }
  return all;
}

std::vector<Draw> draws_without_cache() {
  std::vector<Draw> draws;
  for (std::uint64_t order = 1; order <= kShuffles; ++order) draws.push_back({order, std::nullopt});
  return draws;
}

using Replacement = WriteBackCache::Replacement;
constexpr Replacement kReplacements[] = {Replacement::first_in, Replacement::random, Replacement::lowest};

std::vector<Draw> draws_with_cache() {
  std::vector<Draw> draws;
  for (const Replacement replacement : kReplacements) draws.push_back({1, replacement});
  return draws;
}

/// The worst draw's share of faults for which `seen` holds.
double worst_share(const FaultClass& faults, const Test& test, bool ecc, const std::vector<Draw>& draws,
                   const std::function<bool(Outcome)>& seen) {
  double worst = 1;
  for (const Draw& draw : draws) {
    const auto found = std::count_if(faults.faults.begin(), faults.faults.end(),
                                     [&](const ModelFault& fault) { return seen(test(fault, ecc, draw)); });
    worst = std::min(worst, static_cast<double>(found) / static_cast<double>(faults.faults.size()));
  }
  return worst;
}

bool by_miscompare(Outcome outcome) {
  return outcome.miscompare;
}
bool by_anything(Outcome outcome) {
  return outcome.miscompare || outcome.ecc_event;
}

TEST(MemoryCoverage, FullSetDetectsTheFaultModels) {
  std::printf("%-34s %8s %9s %9s %9s %14s %14s\n", "fault", "no cache", "first-in", "random", "lowest",
              "ECC: miscomp.", "ECC: any sign");
  for (const FaultClass& faults : classes()) {
    const bool certain = faults.name.find("coupling") == std::string::npos;
    const double raw = worst_share(faults, run_sweep, false, draws_without_cache(), by_miscompare);
    std::printf("%-34s %7.1f%%", faults.name.c_str(), 100 * raw);
    EXPECT_GE(raw, certain ? 1.0 : 0.98) << faults.name;
    for (const Replacement replacement : kReplacements) {
      const double cached = worst_share(faults, run_sweep, false, {{1, replacement}}, by_miscompare);
      std::printf(" %8.1f%%", 100 * cached);
      const bool worst = replacement == Replacement::lowest;
      EXPECT_GE(cached, certain ? 1.0 : worst ? kLeastWithWorstCache : kLeastWithCache) << faults.name;
    }
    const double ecc = worst_share(faults, run_sweep, true, draws_with_cache(), by_miscompare);
    const double ecc_any = worst_share(faults, run_sweep, true, draws_with_cache(), by_anything);
    std::printf(" %13.1f%% %13.1f%%\n", 100 * ecc, 100 * ecc_any);
    std::fflush(stdout);
    EXPECT_GE(ecc_any, certain ? 1.0 : kLeastWithWorstCache) << faults.name;
    if (faults.name.find("address") == std::string::npos) {
      EXPECT_EQ(ecc, 0) << faults.name << ": ECC corrects a single bit";
    }
  }
}

TEST(MemoryCoverage, UnorderedNeighboursOnSolidDataHideCouplingFaults) {
  const FaultClass faults = coupling("", FaultModel::idempotent, Relation::same_row);
  const auto draws = draws_with_cache();
  const double naive = worst_share(faults, run_naive, false, draws, by_miscompare);
  std::printf("idempotent coupling, same row: %.1f%% with a thread a word and solid data\n", 100 * naive);
  EXPECT_LT(naive, worst_share(faults, run_sweep, false, draws, by_miscompare));
}

}  // namespace
}  // namespace assay::memory
