// One number for each ordered pair of GPUs, and what it says of pairs, of GPUs and of all.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "harness/check.h"

namespace assay::nvlink {

class PairMatrix {
 public:
  /// `of`: "copies", for people. `worst`: of two numbers the one that is worse.
  PairMatrix(std::string of, Unit unit, const double& (*worst)(const double&, const double&),
             std::size_t gpus)
      : name_(std::move(of)), unit_(unit), worst_(worst), gpus_(gpus), values_(gpus * gpus) {}

  void set(std::size_t from, std::size_t to, double value) { values_[from * gpus_ + to] = value; }
  double at(std::size_t from, std::size_t to) const { return values_[from * gpus_ + to].value(); }
  std::size_t gpus() const { return gpus_; }

  /// The worse of both directions.
  double of_pair(std::size_t a, std::size_t b) const { return worst_(at(a, b), at(b, a)); }
  /// The worse of the medians over what it sends and what it receives: one bad partner does not show.
  double of_gpu(std::size_t gpu) const;
  double of_all() const;
  /// The worse of the sums over what it sends and what it receives.
  double sum_of_gpu(std::size_t gpu) const;

  const std::string& name() const { return name_; }
  Unit unit() const { return unit_; }
  bool more_is_better() const { return worst_(0, 1) == 0; }

 private:
  std::vector<double> row(std::size_t from) const;
  std::vector<double> column(std::size_t to) const;

  std::string name_;
  Unit unit_;
  const double& (*worst_)(const double&, const double&);
  std::size_t gpus_;
  std::vector<std::optional<double>> values_;  // by number of the sender, then of the receiver
};

/// Into the records, for the report to draw ("matrix" as reports/view/pair_matrices.h reads it), and as a
/// table for other programs.
void keep(Context& context, const std::vector<PairMatrix>& matrices);

/// Number `a` and `b` of the check's GPUs.
Part pair_of(const Context& context, std::size_t a, std::size_t b);

}  // namespace assay::nvlink
