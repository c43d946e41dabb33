// One number for each ordered pair of GPUs, and what it says of pairs, of GPUs and of all.
#pragma once

#include <cstddef>
#include <functional>
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
  /// Nothing where it was not measured.
  std::optional<double> at(std::size_t from, std::size_t to) const { return values_[from * gpus_ + to]; }
  std::size_t gpus() const { return gpus_; }

  /// The worse of both directions.
  std::optional<double> of_pair(std::size_t a, std::size_t b) const;
  /// The worse of the best that it sends and the best that it receives: bad partners do not show. Of two GPUs
  /// nobody can say which it is.
  std::optional<double> of_gpu(std::size_t gpu) const;
  /// The best of all.
  std::optional<double> of_all() const;
  /// The worse of the sums over what it sends and what it receives.
  std::optional<double> sum_of_gpu(std::size_t gpu) const;

  const std::string& name() const { return name_; }
  Unit unit() const { return unit_; }
  bool more_is_better() const { return worst_(0, 1) == 0; }

 private:
  using Values = std::vector<double>;
  Values row(std::size_t from) const;
  Values column(std::size_t to) const;
  double best_of(const Values& values) const;
  std::optional<double> worse_of(const Values& sent, const Values& received,
                                 const std::function<double(const Values&)>& one) const;

  std::string name_;
  Unit unit_;
  const double& (*worst_)(const double&, const double&);
  std::size_t gpus_;
  std::vector<std::optional<double>> values_;  // by number of the sender, then of the receiver
};

/// Into the records, for the report to draw (reports/view/pair_tables.h), and as a table for other programs.
void keep(Context& context, const std::vector<PairMatrix>& matrices);

/// Where there is one.
void emit(Context& context, const Part& part, const char* name, const std::optional<double>& value,
          Unit unit);

/// Number `a` and `b` of the check's GPUs.
Part pair_of(const Context& context, std::size_t a, std::size_t b);

}  // namespace assay::nvlink
