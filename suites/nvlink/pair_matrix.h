// One number for each ordered pair of GPUs, and what it says of pairs, of GPUs and of all.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/check.h"

namespace assay::nvlink {

enum class Better { more, less };

class PairMatrix {
 public:
  /// `of`: "copies", for people.
  PairMatrix(std::string of, Unit unit, Better better, std::size_t gpus)
      : name_(std::move(of)), unit_(unit), better_(better), gpus_(gpus), values_(gpus * gpus) {}

  void set(std::size_t from, std::size_t to, double value) { values_[from * gpus_ + to] = value; }
  /// Nothing where it was not measured.
  std::optional<double> at(std::size_t from, std::size_t to) const { return values_[from * gpus_ + to]; }
  std::size_t gpus() const { return gpus_; }

  /// The worse of both directions.
  std::optional<double> of_pair(std::size_t a, std::size_t b) const;
  /// The worse of the best that it sends and the best that it receives: bad partners do not show. Of two GPUs
  /// nobody can say which it is.
  std::optional<double> of_gpu(std::size_t gpu) const;
  /// The worse of the sums over what it sends and what it receives.
  std::optional<double> sum_of_gpu(std::size_t gpu) const;
  /// That of the best GPU.
  std::optional<double> of_all() const { return best_gpu(&PairMatrix::of_gpu); }
  std::optional<double> sum_of_all() const { return best_gpu(&PairMatrix::sum_of_gpu); }

  const std::string& name() const { return name_; }
  Unit unit() const { return unit_; }
  Better better() const { return better_; }

 private:
  using Values = std::vector<double>;
  Values row(std::size_t from) const;
  Values column(std::size_t to) const;
  double best_of(const Values& values) const;
  double worst_of(const Values& values) const;
  using OfOneSide = std::function<double(const Values&)>;
  std::optional<double> worse_side(std::size_t gpu, const OfOneSide& of) const;
  std::optional<double> best_gpu(std::optional<double> (PairMatrix::*of)(std::size_t) const) const;

  std::string name_;
  Unit unit_;
  Better better_;
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
