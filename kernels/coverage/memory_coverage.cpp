#include "kernels/coverage/memory_coverage.h"

#include <algorithm>
#include <utility>

#include "harness/node_sim/cuda_emulation/emulated_gpu.h"
#include "harness/registry.h"
#include "kernels/shuffled_waves.h"

namespace assay::memory {
namespace {

constexpr std::uint64_t kPageWords = 1 << kCoveragePageShift;
constexpr std::uint64_t kWords = 3 * kPageWords + 77;
constexpr int kShuffles = 3;

/// Lines of the cache: an eighth of the memory. A card's is a two-thousandth, so that all of a pass's lines
/// but the last have gone when the next begins.
constexpr std::size_t kCacheLines = kWords / WriteBackCache::kLineWords / 8;

/// The cache fetches whole sectors, also of the last line.
constexpr std::uint64_t kWholeLines =
    (kWords + WriteBackCache::kLineWords - 1) / WriteBackCache::kLineWords * WriteBackCache::kLineWords;

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

FaultClass coupling(const std::string& name, FaultModel model, Relation relation, int samples) {
  FaultClass result{name, {}, true};
  RandomOrder order(static_cast<std::uint64_t>(model) * 16 + static_cast<std::uint64_t>(relation));
  while (result.faults.size() < 16 * static_cast<std::size_t>(samples)) {
    const BitPlace victim{order.below(kWords), static_cast<int>(order.below(128))};
    const BitPlace aggressor = neighbour(victim, relation, order);
    if (same(victim, aggressor)) continue;
    for (int variant = 0; variant < 4; ++variant) {
      result.faults.push_back({model, victim, aggressor, (variant & 1) != 0, (variant & 2) != 0});
    }
  }
  return result;
}

std::vector<Draw> draws_without_cache() {
  std::vector<Draw> draws;
  for (std::uint64_t order = 1; order <= kShuffles; ++order) draws.push_back({order, std::nullopt});
  return draws;
}

using Replacement = WriteBackCache::Replacement;
constexpr Replacement kReplacements[] = {Replacement::first_in, Replacement::random, Replacement::lowest};

CoverageTable by_pattern(const std::vector<FaultClass>& classes) {
  const std::pair<const char*, PatternKind> kPatterns[] = {{"address", PatternKind::address},
                                                           {"walking", PatternKind::walking},
                                                           {"march", PatternKind::background},
                                                           {"random", PatternKind::random}};
  const std::vector<Pass> all = full_set(1, 0, kCoveragePageShift);
  CoverageTable table{"by pattern: raw cells, no cache", {}, {}};
  std::vector<Trial> trials;
  for (const auto& [name, kind] : kPatterns) {
    std::vector<Pass> passes;
    std::copy_if(all.begin(), all.end(), std::back_inserter(passes),
                 [kind = kind](const Pass& pass) { return pass.pattern.kind == kind; });
    table.columns.emplace_back(name);
    trials.push_back(trial_of(std::move(passes)));
  }
  for (const FaultClass& faults : classes) {
    CoverageTable::Row row{faults.name, {}};
    for (const Trial& trial : trials)
      row.shares.push_back(worst_share(faults, trial, false, {Draw{}}, by_miscompare));
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// Halves of lines are walked with every background.
std::vector<Pass> eight_sets() {
  std::vector<Pass> all;
  for (int set = 0; set < kBackgrounds; ++set) {
    const std::vector<Pass> passes = full_set(1, set, kCoveragePageShift);
    all.insert(all.end(), passes.begin(), passes.end());
  }
  return all;
}

CoverageTable of_full_set(const std::vector<FaultClass>& classes) {
  CoverageTable table{
      "one full set: raw cells (no cache, worst of three orders of warps; a cache with three "
      "kinds of replacement), eight of them, and through ECC with the worst cache",
      {"no cache", "first in", "random", "lowest", "8 sets: first in", "ECC: miscompare", "ECC: any sign"},
      {}};
  const Trial trial = trial_of(full_set(1, 0, kCoveragePageShift)), all_halves = trial_of(eight_sets());
  for (const FaultClass& faults : classes) {
    CoverageTable::Row row{faults.name, {}};
    row.shares.push_back(worst_share(faults, trial, false, draws_without_cache(), by_miscompare));
    for (const Replacement replacement : kReplacements)
      row.shares.push_back(worst_share(faults, trial, false, {{1, replacement}}, by_miscompare));
    row.shares.push_back(worst_share(faults, all_halves, false, {{1, Replacement::first_in}}, by_miscompare));
    row.shares.push_back(worst_share(faults, trial, true, draws_with_cache(), by_miscompare));
    row.shares.push_back(worst_share(faults, trial, true, draws_with_cache(), by_anything));
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// What a hold does with random data, so many times with other data each.
Trial hold_trial(int holds) {
  return [holds](const ModelFault& fault, bool ecc, const Draw& draw) {
    constexpr int kPassesOfAHold = 270;  // 10 s of 37 ms
    FaultyGpu gpu(fault, ecc, draw);
    const auto sweep = make_memory_sweep(*gpu, {&gpu.buffer()}, kCoveragePageShift);
    for (int hold = 0; hold < holds; ++hold) {
      const Pattern data = random_data(static_cast<std::uint64_t>(hold));
      sweep->run({data, false, false, true, "write"});
      for (int i = 0; i < kPassesOfAHold; ++i) gpu.end_of_pass();
      sweep->run({data, false, true, false, "read"});
    }
    return gpu.outcome(sweep->report().bad_words);
  };
}

FaultClass leaks(const std::string& name, int passes, int samples) {
  FaultClass result{name, {}};
  RandomOrder order(static_cast<std::uint64_t>(passes));
  for (int i = 0; i < 8 * samples; ++i) {
    ModelFault fault{FaultModel::leak, {order.below(kWords), i % 128}, {0, 0}, order.below(2) == 0, false};
    fault.passes = passes;
    result.faults.push_back(fault);
  }
  return result;
}

const RegisteredCoverage sweep{sweep_coverage};
const RegisteredCoverage retention{retention_coverage};

}  // namespace

FaultyGpu::FaultyGpu(const ModelFault& fault, bool ecc, const Draw& draw)
    : gpu_(cuda_emulation::open_emulated_gpu(device_.pci_address())),
      buffer_(gpu_->allocate(kWords * sizeof(Word128))),
      cells_(words(), kWholeLines, fault, ecc) {
  device_.set_schedule_seed(mix64(draw.order));
  if (draw.cache) cache_.emplace(cells_, kCacheLines, *draw.cache, draw.order);
  device_.planted = cache_ ? static_cast<cuda_emulation::FaultyMemory*>(&*cache_) : &cells_;
}

void FaultyGpu::end_of_pass() {
  if (cache_) cache_->flush();
  cells_.end_of_pass();
}

std::vector<FaultClass> fault_classes(int samples) {
  std::vector<FaultClass> all;
  RandomOrder order(3);
  const std::pair<const char*, FaultModel> singles[] = {
      {"stuck-at", FaultModel::stuck_at},
      {"transition", FaultModel::transition},
      {"address: no cell", FaultModel::address_none},
      {"address: alias", FaultModel::address_alias},
      {"address: several cells", FaultModel::address_several}};
  for (const auto& [name, model] : singles) {
    FaultClass result{name, {}};
    for (int i = 0; i < 8 * samples; ++i) {
      const BitPlace victim{order.below(kWords), i % 128};
      const BitPlace other{(victim.word + 1 + order.below(kWords - 1)) % kWords, 0};
      result.faults.push_back({model, victim, other, order.below(2) == 0, false});
    }
    all.push_back(std::move(result));
  }
  const std::pair<const char*, BitPlace> surroundings[] = {{"neighbours opposite, in the word", {0, 1}},
                                                           {"neighbours opposite, in the row", {2, 0}},
                                                           {"neighbours opposite, next rows", {kLanes, 0}}};
  for (const auto& [name, distance] : surroundings) {
    FaultClass result{name, {}};
    for (int i = 0; i < 8 * samples; ++i) {
      const BitPlace victim{distance.word + order.below(kWords - 2 * distance.word),
                            1 + static_cast<int>(order.below(126))};
      result.faults.push_back(
          {FaultModel::surrounded, victim, {victim.word - distance.word, victim.bit - distance.bit}});
    }
    all.push_back(std::move(result));
  }
  const std::pair<const char*, FaultModel> couplings[] = {{"inversion", FaultModel::inversion},
                                                          {"idempotent", FaultModel::idempotent},
                                                          {"state", FaultModel::state}};
  const std::pair<const char*, Relation> relations[] = {{"same word", Relation::same_word},
                                                        {"same row", Relation::same_row},
                                                        {"next row", Relation::next_row},
                                                        {"other page", Relation::other_page}};
  for (const auto& [name, model] : couplings) {
    for (const auto& [where, relation] : relations)
      all.push_back(coupling(std::string(name) + " coupling, " + where, model, relation, samples));
  }
  return all;
}

double worst_share(const FaultClass& faults, const Trial& trial, bool ecc, const std::vector<Draw>& draws,
                   const std::function<bool(Outcome)>& seen) {
  double worst = 1;
  for (const Draw& draw : draws) {
    const auto found = std::count_if(faults.faults.begin(), faults.faults.end(),
                                     [&](const ModelFault& fault) { return seen(trial(fault, ecc, draw)); });
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

std::vector<Draw> draws_with_cache() {
  std::vector<Draw> draws;
  for (const Replacement replacement : kReplacements) draws.push_back({1, replacement});
  return draws;
}

Trial trial_of(std::vector<Pass> passes) {
  return [passes = std::move(passes)](const ModelFault& fault, bool ecc, const Draw& draw) {
    FaultyGpu gpu(fault, ecc, draw);
    const auto sweep = make_memory_sweep(*gpu, {&gpu.buffer()}, kCoveragePageShift);
    Outcome outcome;
    for (const Pass& pass : passes) {
      sweep->run(pass);
      gpu.end_of_pass();
      outcome = gpu.outcome(sweep->report().bad_words);
      if (by_anything(outcome)) break;
    }
    return outcome;
  };
}

Coverage retention_coverage(int samples) {
  CoverageTable table{"a bit that leaks to one of its states: raw cells, no cache",
                      {"sweep, one set", "one hold", "two", "four", "eight"},
                      {}};
  const Trial trials[] = {trial_of(full_set(1, 0, kCoveragePageShift)), hold_trial(1), hold_trial(2),
                          hold_trial(4), hold_trial(8)};
  const FaultClass classes[] = {leaks("within a pass of the sweep (37 ms)", 1, samples),
                                leaks("within 1 s", 27, samples), leaks("within 10 s", 270, samples),
                                leaks("within 20 s", 540, samples)};
  for (const FaultClass& faults : classes) {
    CoverageTable::Row row{faults.name, {}};
    for (const Trial& trial : trials)
      row.shares.push_back(worst_share(faults, trial, false, {Draw{}}, by_miscompare));
    table.rows.push_back(std::move(row));
  }
  return {"memory.retention",
          {std::move(table)},
          {"a hold tests the state that its data give a bit: half of those that leak to one of both",
           "a hold is as long as the profile leaves it alone; here 10 s"}};
}

Coverage sweep_coverage(int samples) {
  const std::vector<FaultClass> classes = fault_classes(samples);
  return {"memory.sweep",
          {by_pattern(classes), of_full_set(classes)},
          {"through ECC a single bad cell never shows as wrong data: the counters tell",
           "cells that lose their data in more than a tenth of a second: memory.retention",
           "one word of a sector (32 bytes) that disturbs the other as both are written",
           "row hammer: which rows are neighbours is not published",
           "the pages that the driver keeps: 0.4 % of the memory"}};
}

}  // namespace assay::memory
