#include "suites/products.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/model/quantile.h"
#include "harness/model/values.h"
#include "suites/batches.h"

namespace assay {
namespace {

using compute::LibraryGemm;
using compute::Products;

constexpr int kWarmUps = 2;
constexpr int kFewestBatches = 4;
static_assert(kFewestProducts == 2 * kWarmUps + kFewestBatches + 1, "the first one is compared with");

struct Totals {
  ProductTally tally;
  std::vector<double> rates, checked_rates;  // TFLOP/s of a batch each
};

void multiply(Context& context, LibraryGemm& gemm, double duration_s, Totals& totals) {
  constexpr int kBatchesWanted = 16;
  constexpr int kUncheckedEvery = 4;  // of batches
  const double tera = gemm.operations() / 1e12;
  double each_s = gemm.multiply(kWarmUps) / kWarmUps, elapsed_s = 0;
  totals.tally.add(gemm.multiply_and_check(kWarmUps));
  Batches batches(duration_s, kBatchesWanted, kFewestBatches, compute::kMostAtOnce);
  const Nanoseconds start = context.clock().now();
  for (int i = 1; const int batch = batches.next(elapsed_s, each_s); ++i) {
    if (i % kUncheckedEvery == 0) {
      each_s = gemm.multiply(batch) / batch;
      totals.rates.push_back(tera / each_s);
    } else {
      const Products products = gemm.multiply_and_check(batch);
      each_s = products.seconds / batch;
      totals.checked_rates.push_back(tera / each_s);
      totals.tally.add(products);
    }
    elapsed_s = seconds_of(context.clock().now() - start);
    if (duration_s > 0) context.progress(std::min(1.0, elapsed_s / duration_s));
  }
  context.progress(1);
}

double settled(std::vector<double> rates) {
  rates.erase(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2));
  return median(rates);
}

std::string bytes_of(const GemmAlgorithm& algorithm) {
  return {reinterpret_cast<const char*>(algorithm.data()), sizeof(algorithm)};
}

}  // namespace

GemmAlgorithm agree(Context& context, const GemmAlgorithm& proposal, const std::string& version) {
  const std::string all = context.ranks().exchange(version + " " + bytes_of(proposal)).front();
  const std::size_t space = all.find(' ');
  if (all.substr(0, space) != version)
    throw std::runtime_error("cuBLASLt is " + version + " here and " + all.substr(0, space) + " elsewhere");
  GemmAlgorithm agreed;
  std::memcpy(agreed.data(), all.data() + space + 1, sizeof(agreed));
  return agreed;
}

void ProductTally::add(const Products& products) {
  for (const auto& [hash, count] : products.by_hash) by_hash_[hash] += static_cast<std::uint64_t>(count);
  other_words_ += products.other_words;
  if (first_others_.empty()) first_others_ = products.first_others;
}

std::uint64_t ProductTally::products() const {
  return std::accumulate(by_hash_.begin(), by_hash_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& of_hash) { return sum + of_hash.second; });
}

void ProductTally::emit(Context& context) const {
  if (by_hash_.empty()) return;
  const auto [digest, alike] = *std::max_element(
      by_hash_.begin(), by_hash_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  context.measure("other_products", static_cast<double>(products() - alike), Unit::count);
  context.measure("digest", hexadecimal(digest));
  if (other_words_ == 0) return;
  constexpr std::size_t kMostShown = 64;
  nlohmann::json elements = nlohmann::json::array();
  for (const compute::OtherElement& one : first_others_) {
    if (elements.size() == kMostShown) break;
    elements.push_back({{"row", one.row},
                        {"column", one.column},
                        {"bits", hexadecimal(one.bits)},
                        {"of_first_product", hexadecimal(one.of_first)}});
  }
  context.evidence("other_elements", elements);
}

Multiplied multiply_and_emit(Context& context, LibraryGemm& gemm, const GemmAlgorithm& algorithm,
                             double duration_s) {
  Totals totals;
  totals.tally.add(gemm.use(algorithm));
  try {
    multiply(context, gemm, duration_s, totals);
  } catch (const DeviceError&) {
    totals.tally.emit(context);  // what was found before that stands
    throw;
  }
  totals.tally.emit(context);
  const double rate = settled(totals.rates), checked = settled(totals.checked_rates);
  context.measure("rate", rate, Unit::tflop_per_s);
  context.measure("checked_share", std::min(1.0, checked / rate), Unit::ratio);
  return {totals.tally.products(), rate};
}

}  // namespace assay
