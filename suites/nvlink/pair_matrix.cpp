#include "suites/nvlink/pair_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

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
      row.push_back(matrix.at(from, to) ? nlohmann::json(*matrix.at(from, to)) : nlohmann::json());
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
      for (const PairMatrix& matrix : matrices)
        text += matrix.at(from, to) ? fmt::format(",{:.4g}", *matrix.at(from, to)) : ",";
      text += '\n';
    }
  }
  return text;
}

}  // namespace

PairMatrix::Values PairMatrix::row(std::size_t from) const {
  Values values;
  for (std::size_t to = 0; to < gpus_; ++to) {
    if (to != from && at(from, to)) values.push_back(*at(from, to));
  }
  return values;
}

PairMatrix::Values PairMatrix::column(std::size_t to) const {
  Values values;
  for (std::size_t from = 0; from < gpus_; ++from) {
    if (from != to && at(from, to)) values.push_back(*at(from, to));
  }
  return values;
}

double PairMatrix::best_of(const Values& values) const {
  return better_ == Better::more ? *std::max_element(values.begin(), values.end())
                                 : *std::min_element(values.begin(), values.end());
}

double PairMatrix::worst_of(const Values& values) const {
  return better_ == Better::more ? *std::min_element(values.begin(), values.end())
                                 : *std::max_element(values.begin(), values.end());
}

std::optional<double> PairMatrix::worse_side(std::size_t gpu, const OfOneSide& of) const {
  constexpr std::size_t kFewestGpus = 3;
  const Values sent = row(gpu), received = column(gpu);
  if (gpus_ < kFewestGpus || sent.empty() || received.empty()) return std::nullopt;
  return worst_of({of(sent), of(received)});
}

std::optional<double> PairMatrix::best_gpu(std::optional<double> (PairMatrix::*of)(std::size_t) const) const {
  Values all;
  for (std::size_t gpu = 0; gpu < gpus_; ++gpu) {
    if (const auto value = (this->*of)(gpu)) all.push_back(*value);
  }
  if (all.empty()) return std::nullopt;
  return best_of(all);
}

std::optional<double> PairMatrix::of_pair(std::size_t a, std::size_t b) const {
  if (!at(a, b) || !at(b, a)) return std::nullopt;
  return worst_of({*at(a, b), *at(b, a)});
}

std::optional<double> PairMatrix::of_gpu(std::size_t gpu) const {
  return worse_side(gpu, [&](const Values& values) { return best_of(values); });
}

std::optional<double> PairMatrix::sum_of_gpu(std::size_t gpu) const {
  return worse_side(gpu, sum);
}

void keep(Context& context, const std::vector<PairMatrix>& matrices) {
  auto content = nlohmann::json::array();
  for (const PairMatrix& matrix : matrices)
    content.push_back({{"of", matrix.name()},
                       {"unit", symbol(matrix.unit())},
                       {"better", matrix.better() == Better::more ? "more" : "less"},
                       {"parts", parts_of(context)},
                       {"rows", rows_of(matrix)}});
  context.evidence("pairs", content);
  context.attach_text("pairs.csv", "text/csv", table_of(context, matrices));
}

void emit(Context& context, const Part& part, const char* name, const std::optional<double>& value,
          Unit unit) {
  if (value) context.measure_at(part, name, *value, unit);
}

Part pair_of(const Context& context, std::size_t a, std::size_t b) {
  return Part::pair(context.slot_of(static_cast<int>(a)), context.slot_of(static_cast<int>(b)));
}

}  // namespace assay::nvlink
