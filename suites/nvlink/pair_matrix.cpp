#include "suites/nvlink/pair_matrix.h"

#include <fmt/format.h>

#include <numeric>

#include "harness/model/quantile.h"

namespace assay::nvlink {
namespace {

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

nlohmann::json parts_of(const Context& context) {
  auto parts = nlohmann::json::array();
  for (int device = 0; device < context.devices(); ++device) parts.push_back(context.slot_of(device));
  return parts;
}

nlohmann::json rows_of(const PairMatrix& matrix) {
  auto rows = nlohmann::json::array();
  for (std::size_t from = 0; from < matrix.gpus(); ++from) {
    auto row = nlohmann::json::array();
    for (std::size_t to = 0; to < matrix.gpus(); ++to)
      row.push_back(from == to ? nlohmann::json() : nlohmann::json(matrix.at(from, to)));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string table_of(const Context& context, const std::vector<PairMatrix>& matrices) {
  std::string text = "from,to";
  for (const PairMatrix& matrix : matrices)
    text += fmt::format(",{} ({})", matrix.name(), symbol(matrix.unit()));
  text += '\n';
  const std::size_t gpus = matrices.front().gpus();
  for (std::size_t from = 0; from < gpus; ++from) {
    for (std::size_t to = 0; to < gpus; ++to) {
      if (from == to) continue;
      text += fmt::format("{},{}", context.slot_of(static_cast<int>(from)),
                          context.slot_of(static_cast<int>(to)));
      for (const PairMatrix& matrix : matrices) text += fmt::format(",{:.4g}", matrix.at(from, to));
      text += '\n';
    }
  }
  return text;
}

}  // namespace

std::vector<double> PairMatrix::row(std::size_t from) const {
  std::vector<double> values;
  for (std::size_t to = 0; to < gpus_; ++to) {
    if (to != from) values.push_back(at(from, to));
  }
  return values;
}

std::vector<double> PairMatrix::column(std::size_t to) const {
  std::vector<double> values;
  for (std::size_t from = 0; from < gpus_; ++from) {
    if (from != to) values.push_back(at(from, to));
  }
  return values;
}

double PairMatrix::of_gpu(std::size_t gpu) const {
  return worst_(median(row(gpu)), median(column(gpu)));
}

double PairMatrix::sum_of_gpu(std::size_t gpu) const {
  return worst_(sum(row(gpu)), sum(column(gpu)));
}

double PairMatrix::of_all() const {
  std::vector<double> all;
  for (std::size_t from = 0; from < gpus_; ++from) {
    for (const double value : row(from)) all.push_back(value);
  }
  return median(all);
}

void keep(Context& context, const std::vector<PairMatrix>& matrices) {
  auto content = nlohmann::json::array();
  for (const PairMatrix& matrix : matrices)
    content.push_back({{"of", matrix.name()},
                       {"unit", symbol(matrix.unit())},
                       {"better", matrix.more_is_better() ? "more" : "less"},
                       {"parts", parts_of(context)},
                       {"rows", rows_of(matrix)}});
  context.evidence("pairs", content);
  context.attach_text("pairs.csv", "text/csv", table_of(context, matrices));
}

Part pair_of(const Context& context, std::size_t a, std::size_t b) {
  return Part::pair(context.slot_of(static_cast<int>(a)), context.slot_of(static_cast<int>(b)));
}

}  // namespace assay::nvlink
