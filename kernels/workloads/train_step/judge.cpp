#include "kernels/workloads/train_step/judge.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <utility>

#include "kernels/memory_patterns.h"

namespace assay::workloads::train_step {
namespace {

constexpr std::size_t kMostNamed = 8;

void name(Repetitions& all, std::string what, std::string expected, std::string actual) {
  if (all.first_wrong.size() < kMostNamed)
    all.first_wrong.push_back({std::move(what), std::move(expected), std::move(actual)});
}

std::string hexadecimal(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

std::uint64_t hash_of(const std::vector<Step>& steps) {
  std::uint64_t hash = 0;
  const auto add = [&](std::uint64_t value) { hash = memory::mix64(hash ^ memory::mix64(value)); };
  for (const Step& step : steps) {
    add(std::bit_cast<std::uint64_t>(step.loss));
    for (const std::uint64_t one : step.hashes) add(one);
  }
  return hash;
}

std::string in_step(std::size_t step, const std::string& what) {
  return fmt::format("step {}: {}", step + 1, what);
}

}  // namespace

Judge::Judge(const Model& model, std::vector<std::vector<Sum>> sums_of_probes)
    : model_(model), sums_of_probes_(std::move(sums_of_probes)), names_(names_of_hashes(model)) {}

Step Judge::step_of(const StepRecord& record) const {
  const double units = static_cast<double>(static_cast<std::int64_t>(record.loss));
  return {units / static_cast<double>(kUnitsOfLoss) / model_.tokens(),
          {record.hash, record.hash + names_.size()}};
}

void Judge::judge(const StepRecord* steps, const ProbeRecord* probes, std::uint64_t stands_for,
                  Repetitions& all) {
  std::vector<Step> mine;
  for (std::size_t i = 0; i < model_.steps; ++i) {
    mine.push_back(step_of(steps[i]));
    for (const auto& [count, what] :
         {std::pair{steps[i].wrong_attention, "rows of attention that do not add up to 1"},
          std::pair{steps[i].wrong_gradients, "tokens whose gradients of logits do not add up to 0"},
          std::pair{steps[i].losses_out_of_range, "tokens whose loss is no number"}}) {
      if (count == 0) continue;
      all.wrong_values += count * stands_for;
      name(all, in_step(i, what), "0", std::to_string(count));
    }
  }
  look_at_probes(probes, stands_for, all);
  look_at_losses(mine, stands_for, all);
  all.by_hash[hash_of(mine)] += stands_for;
  if (first_.empty())
    first_ = std::move(mine);
  else
    compare_with_first(mine, all);
}

void Judge::look_at_probes(const ProbeRecord* probes, std::uint64_t stands_for, Repetitions& all) const {
  for (std::size_t i = 0; i < kProbes; ++i) {
    if (probes[i].wrong_rows == 0) continue;
    all.wrong_values += probes[i].wrong_rows * stands_for;
    name(all, fmt::format("sum of row {} of product {} of whole numbers", probes[i].row, i + 1),
         hexadecimal(sums_of_probes_[i].at(probes[i].row)), hexadecimal(probes[i].sum));
  }
}

void Judge::look_at_losses(const std::vector<Step>& steps, std::uint64_t stands_for, Repetitions& all) const {
  const double first = steps.front().loss, last = steps.back().loss;
  const double uniform = std::log(static_cast<double>(model_.vocabulary));
  const double most = most_of_first_loss_beside_uniform(model_);
  if (!(std::abs(first - uniform) <= most)) {
    all.wrong_values += stands_for;
    name(all, in_step(0, "loss"), fmt::format("{} give or take {}", uniform, most), fmt::format("{}", first));
  }
  if (steps.size() > 1 && !(last < first)) {
    all.wrong_values += stands_for;
    name(all, in_step(steps.size() - 1, "loss"), fmt::format("below {}", first), fmt::format("{}", last));
  }
}

/// In the order in which a step computes them: what leaves the layers, the loss, gradients, and what becomes
/// of the weights.
void Judge::compare_with_first(const std::vector<Step>& steps, Repetitions& all) const {
  const std::size_t before_loss = model_.layers + 2;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step &mine = steps[i], &due = first_[i];
    for (std::size_t number = 0; number < names_.size(); ++number) {
      if (number == before_loss && mine.loss != due.loss) {
        name(all, in_step(i, "loss, the first that is not the first repetition's"),
             fmt::format("{}", due.loss), fmt::format("{}", mine.loss));
        return;
      }
      if (mine.hashes[number] == due.hashes[number]) continue;
      name(all, in_step(i, names_[number] + ", the first that is not the first repetition's"),
           hexadecimal(due.hashes[number]), hexadecimal(mine.hashes[number]));
      return;
    }
  }
}

}  // namespace assay::workloads::train_step
