// What is made of a repetition's records: its hash, what is wrong in it, and where it first differs from the
// first one.
#pragma once

#include <string>
#include <vector>

#include "kernels/workloads/train_step/records.h"
#include "kernels/workloads/train_step/train_step.h"

namespace assay::workloads::train_step {

class Judge {
 public:
  /// `sums_of_probes`: by product, then by row.
  Judge(const Model& model, std::vector<std::vector<Sum>> sums_of_probes);

  /// Of one, which stands for so many.
  void judge(const StepRecord* steps, const ProbeRecord* probes, std::uint64_t stands_for, Repetitions& all);
  const std::vector<Step>& first() const { return first_; }

 private:
  Step step_of(const StepRecord& record) const;
  void look_at_probes(const ProbeRecord* probes, std::uint64_t stands_for, Repetitions& all) const;
  void look_at_losses(const std::vector<Step>& steps, std::uint64_t stands_for, Repetitions& all) const;
  void compare_with_first(const std::vector<Step>& steps, Repetitions& all) const;

  Model model_;
  std::vector<std::vector<Sum>> sums_of_probes_;
  std::vector<std::string> names_;
  std::vector<Step> first_;
};

}  // namespace assay::workloads::train_step
