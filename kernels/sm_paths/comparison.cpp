#include "kernels/sm_paths/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "kernels/memory_patterns.h"

namespace assay::compute {
namespace {

using Hashes = std::vector<std::uint64_t>;

Hashes hashes_of(const BlockResult& block) {
  Hashes hashes;
  for (const ThreadResult& thread : block.threads) hashes.push_back(thread.hash);
  return hashes;
}

/// What most blocks found; of several, that of most.
Hashes most_common(const std::vector<Hashes>& all) {
  std::map<Hashes, std::size_t> count;
  const Hashes* best = nullptr;
  std::size_t most = 0;
  for (const Hashes& one : all) {
    const auto known = count.try_emplace(one, 0).first;
    if (++known->second > most) {
      most = known->second;
      best = &known->first;
    }
  }
  return best == nullptr ? Hashes{} : *best;
}

/// Rounds of this thread that did not give `right`.
std::uint64_t wrong_rounds(const ThreadResult& thread, std::uint64_t right, std::uint32_t rounds) {
  return thread.hash == right ? thread.wrong_rounds : rounds - std::min(rounds - 1, thread.wrong_rounds);
}

void note(const BlockResult& block, const Hashes& reference, std::uint32_t rounds, WrongPath& wrong) {
  for (unsigned i = 0; i < kThreads; ++i) {
    const std::uint64_t results = wrong_rounds(block.threads[i], reference[i], rounds);
    wrong.results[i / 32 % kSubPartitions] += results;
    if (results == 0 || block.first_wrong.empty()) continue;
    const FirstWrong& first = block.first_wrong[i];
    if (first.where == FirstWrong::kNone) continue;
    wrong.flipped |= first.flipped;
    wrong.where.insert(first.where);
  }
}

bool is_wrong(const BlockResult& block, const Hashes& reference) {
  for (unsigned i = 0; i < kThreads; ++i) {
    if (block.threads[i].hash != reference[i] || block.threads[i].wrong_rounds != 0) return true;
  }
  return false;
}

/// " of sub-partition 2", where one or a few are meant.
std::string sub_partitions_of(const WrongPath& path) {
  std::string numbers;
  int count = 0;
  for (unsigned i = 0; i < kSubPartitions; ++i) {
    if (path.results[i] == 0) continue;
    numbers += fmt::format("{}{}", count == 0 ? "" : ", ", i);
    ++count;
  }
  if (count == static_cast<int>(kSubPartitions)) return {};
  return fmt::format(" of sub-partition{} {}", count == 1 ? "" : "s", numbers);
}

/// The one number that all have, if they have.
std::optional<std::uint32_t> common(const std::set<std::uint32_t>& where, std::uint32_t modulus) {
  std::set<std::uint32_t> reduced;
  for (const std::uint32_t one : where) reduced.insert(one % modulus);
  if (reduced.size() != 1) return std::nullopt;
  return *reduced.begin();
}

std::string place_in(Datapath path, const WrongPath& wrong) {
  constexpr std::uint32_t kBanks = 32, kAllRegisters = 256;
  const bool shared = path == Datapath::shared;
  const auto place = common(wrong.where, shared ? kBanks : kAllRegisters);
  std::string text;
  if (place) text += fmt::format(": {} {}", shared ? "bank" : "held value", *place);
  if (std::popcount(wrong.flipped) == 1)
    text += fmt::format("{} bit {}", text.empty() ? ":" : ",", std::countr_zero(wrong.flipped));
  return text;
}

}  // namespace

std::uint64_t WrongPath::all_results() const {
  return std::accumulate(results.begin(), results.end(), std::uint64_t{0});
}

void Comparison::add(Datapath path, Data data, std::uint64_t seed, std::uint32_t rounds,
                     const LaunchResult& launch, const std::vector<std::uint64_t>& expected) {
  Seen& seen = seen_[{path, data, seed}];
  std::vector<const BlockResult*> blocks;  // of which it is known where they ran
  std::vector<Hashes> all;
  for (const BlockResult& block : launch.blocks) {
    if (!block.stayed()) continue;
    blocks.push_back(&block);
    all.push_back(hashes_of(block));
  }
  if (blocks.empty()) return;
  const auto half = (blocks.size() + 1) / 2;
  // Where nothing says who is right, more than half must agree.
  const auto enough = expected.empty() ? blocks.size() / 2 + 1 : half;
  if (!seen.reference) {
    const auto as_expected = static_cast<std::size_t>(std::count(all.begin(), all.end(), expected));
    seen.trusted = expected.empty() || as_expected >= half;
    seen.reference = seen.trusted && !expected.empty() ? expected : most_common(all);
  }
  std::vector<const BlockResult*> wrong;
  for (const BlockResult* block : blocks) {
    seen.sms.insert(block->sm());
    if (is_wrong(*block, *seen.reference)) wrong.push_back(block);
  }
  for (const BlockResult& block : launch.blocks) {
    if (!block.stayed() && is_wrong(block, *seen.reference)) unexpected_.insert(path);
  }
  if (!seen.trusted || blocks.size() - wrong.size() < enough) {
    unexpected_.insert(path);
    return;
  }
  for (const BlockResult* block : wrong) note(*block, *seen.reference, rounds, wrong_[block->sm()][path]);
}

std::size_t Comparison::sms(Datapath path, Data data, std::uint64_t seed) const {
  const auto found = seen_.find({path, data, seed});
  return found == seen_.end() ? 0 : found->second.sms.size();
}

std::size_t Comparison::sms_of_all() const {
  std::map<unsigned, std::size_t> works;
  for (const auto& [key, seen] : seen_) {
    for (const unsigned sm : seen.sms) ++works[sm];
  }
  return static_cast<std::size_t>(
      std::count_if(works.begin(), works.end(), [&](const auto& sm) { return sm.second == seen_.size(); }));
}

std::size_t Comparison::paths() const {
  std::set<Datapath> all;
  for (const auto& [key, seen] : seen_) {
    if (!seen.sms.empty()) all.insert(std::get<Datapath>(key));
  }
  return all.size();
}

std::string Comparison::digest() const {
  std::uint64_t digest = 0;
  for (const auto& [key, seen] : seen_) {
    if (!seen.reference) continue;
    for (const std::uint64_t hash : *seen.reference) digest = memory::mix64(digest ^ hash);
  }
  return fmt::format("{:016x}", digest);
}

std::string culprit_of(const WrongSm& wrong) {
  std::vector<std::pair<Datapath, const WrongPath*>> worst;
  for (const auto& [path, what] : wrong) worst.emplace_back(path, &what);
  std::stable_sort(worst.begin(), worst.end(), [](const auto& a, const auto& b) {
    return a.second->all_results() > b.second->all_results();
  });
  constexpr std::size_t kMostNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(worst.size(), kMostNamed); ++i) {
    const auto& [path, what] = worst[i];
    text += fmt::format("{}{}{}{}", text.empty() ? "" : "; ", name_of(path), sub_partitions_of(*what),
                        place_in(path, *what));
  }
  if (worst.size() > kMostNamed) text += fmt::format("; {} more datapaths", worst.size() - kMostNamed);
  return text;
}

}  // namespace assay::compute
