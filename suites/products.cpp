#include "suites/products.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "harness/model/quantile.h"
#include "harness/model/values.h"

namespace assay {
namespace {

using compute::LibraryGemm;
using compute::Products;

constexpr int kWarmUps = 2;
constexpr int kFewestBatches = 4;
static_assert(kFewestProducts == 2 * kWarmUps + kFewestBatches + 1, "the first one is compared with");

struct Totals {
  std::map<std::uint64_t, std::uint64_t> by_hash;
  std::vector<double> rates, checked_rates;  // TFLOP/s of a batch each
  std::uint64_t other_words = 0;
  std::vector<compute::OtherElement> first_others;

  void add(const Products& products) {
    for (const auto& [hash, count] : products.by_hash) by_hash[hash] += static_cast<std::uint64_t>(count);
    other_words += products.other_words;
    if (first_others.empty()) first_others = products.first_others;
  }
  std::uint64_t products() const {
    std::uint64_t sum = 0;
    for (const auto& [hash, count] : by_hash) sum += count;
    return sum;
  }
  /// The hash that most products have.
  std::pair<std::uint64_t, std::uint64_t> most_common() const {
    return *std::max_element(by_hash.begin(), by_hash.end(),
                             [](const auto& a, const auto& b) { return a.second < b.second; });
  }
};

void multiply(Context& context, LibraryGemm& gemm, Totals& totals) {
  constexpr double kLongestBatch_s = 0.5, kBatchesWanted = 16;
  constexpr int kUncheckedEvery = 4;  // of batches
  const double tera = gemm.operations() / 1e12;
  const double each_s = gemm.multiply(kWarmUps) / kWarmUps;
  totals.add(gemm.multiply_and_check(kWarmUps));
  const double duration_s = context.duration_s();
  const double batch_s = std::min(kLongestBatch_s, duration_s / kBatchesWanted);
  const int batch = std::clamp(static_cast<int>(batch_s / each_s), 1, compute::kMostAtOnce);
  const Nanoseconds start = context.clock().now();
  for (int i = 1;; ++i) {
    if (i % kUncheckedEvery == 0) {
      totals.rates.push_back(tera * batch / gemm.multiply(batch));
    } else {
      const Products products = gemm.multiply_and_check(batch);
      totals.checked_rates.push_back(tera * batch / products.seconds);
      totals.add(products);
    }
    const double elapsed_s =
        static_cast<double>(context.clock().now() - start) / static_cast<double>(kSecond);
    if (duration_s > 0) context.progress(std::min(1.0, elapsed_s / duration_s));
    if (i >= kFewestBatches && elapsed_s >= duration_s) return;
  }
}

double settled(std::vector<double> rates) {
  rates.erase(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2));
  return median(rates);
}

void emit_correctness(Context& context, const Totals& totals) {
  const auto [digest, alike] = totals.most_common();
  context.measure("other_products", static_cast<double>(totals.products() - alike), Unit::count);
  context.measure("digest", hexadecimal(digest));
  if (totals.other_words == 0) return;
  constexpr std::size_t kMostShown = 64;
  nlohmann::json elements = nlohmann::json::array();
  for (const compute::OtherElement& one : totals.first_others) {
    if (elements.size() == kMostShown) break;
    elements.push_back({{"row", one.row},
                        {"column", one.column},
                        {"bits", hexadecimal(one.bits)},
                        {"of_first_product", hexadecimal(one.of_first)}});
  }
  context.evidence("other_elements", elements);
}

}  // namespace

std::uint64_t multiply_and_emit(Context& context, LibraryGemm& gemm, const GemmAlgorithm& algorithm) {
  Totals totals;
  ++totals.by_hash[gemm.use(algorithm)];
  try {
    multiply(context, gemm, totals);
  } catch (const DeviceError&) {
    emit_correctness(context, totals);  // what was found before that stands
    throw;
  }
  emit_correctness(context, totals);
  const double rate = settled(totals.rates), checked = settled(totals.checked_rates);
  context.measure("rate", rate, Unit::tflop_per_s);
  context.measure("checked_share", std::min(1.0, checked / rate), Unit::ratio);
  return totals.products();
}

}  // namespace assay
