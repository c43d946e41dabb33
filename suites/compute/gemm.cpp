// Products of NVIDIA's own library on random data, at the power that they take: how fast, and whether each
// comes out as the one before and as on the node's other GPUs. All of them compute by one algorithm, which
// the first rank's library proposes: another one may add up in another order, and differ in the last bits.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/quantile.h"
#include "harness/model/values.h"
#include "kernels/library_gemm/library_gemm.h"

namespace assay {
namespace {

using compute::LibraryGemm;
using compute::Products;

constexpr std::uint64_t kDataSeed = 0x626c6173;  // the same in every run: GPUs and nodes can be compared
constexpr int kWarmUps = 2;
constexpr double kLongestBatch_s = 0.5;
constexpr double kBatchesWanted = 16;
constexpr int kFewestBatches = 4;
/// Of batches, every so many-th is one that nobody looks at.
constexpr int kUncheckedEvery = 4;

std::string bytes_of(const GemmAlgorithm& algorithm) {
  return {reinterpret_cast<const char*>(algorithm.data()), sizeof(algorithm)};
}

/// The first rank's choice, with the version that it is good for.
GemmAlgorithm agree(Context& context, const GemmAlgorithm& proposal, const std::string& version) {
  const std::string all = context.ranks().exchange(version + " " + bytes_of(proposal)).front();
  const std::size_t space = all.find(' ');
  if (all.substr(0, space) != version)
    throw std::runtime_error("cuBLASLt is " + version + " here and " + all.substr(0, space) + " elsewhere");
  GemmAlgorithm agreed;
  std::memcpy(agreed.data(), all.data() + space + 1, sizeof(agreed));
  return agreed;
}

/// For people who compare runs.
std::uint64_t hash_of(const GemmAlgorithm& algorithm) {
  std::uint64_t hash = 0;
  for (const std::uint64_t word : algorithm) hash = memory::mix64(hash ^ word);
  return hash;
}

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

/// For as long as the profile says.
void multiply(Context& context, LibraryGemm& gemm, Totals& totals) {
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

/// Of the second half: by then the GPU is as warm, and its clock where, as the work makes them.
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

void run(Context& context) {
  const auto type = datapath_named("tensor_" + context.variant());
  if (!type) throw std::logic_error("no datapath for " + context.variant());
  const CublasLt& library = context.cublaslt();
  const std::uint64_t unexpected = compute::wrong_in_small_product(context.gpu(), library, *type);
  const auto gemm = compute::make_library_gemm(context.gpu(), library, *type, kDataSeed);
  const GemmAlgorithm algorithm = agree(context, gemm->propose(), library.version());
  Totals totals;
  ++totals.by_hash[gemm->use(algorithm)];
  try {
    multiply(context, *gemm, totals);
  } catch (const DeviceError&) {
    emit_correctness(context, totals);  // what was found before that stands
    throw;
  }
  emit_correctness(context, totals);
  const double rate = settled(totals.rates), checked = settled(totals.checked_rates);
  context.measure("rate", rate, Unit::tflop_per_s);
  context.measure("checked_share", std::min(1.0, checked / rate), Unit::ratio);
  context.measure("library_version", library.version());
  context.measure("unexpected_elements", static_cast<double>(unexpected), Unit::count);
  context.evidence("library", {{"file", library.file()},
                               {"algorithm", hexadecimal(hash_of(algorithm))},
                               {"products", totals.products()}});
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  double longest_s = 0;
  for (const Datapath type : {Datapath::tensor_int8, Datapath::tensor_fp64}) {
    const double product_s = speed.seconds(compute::work_of_product(type));
    longest_s = std::max(longest_s, (2 * kWarmUps + kFewestBatches + 1) * product_s);
  }
  constexpr double kHeldBytes = 2e9;
  return speed.seconds_to_hold(kHeldBytes) + std::max(duration_s, longest_s);
}

const Registered compute_gemm{{
    .name = "compute.gemm",
    .summary =
        "NVIDIA's own matrix products on random data are as fast as an H200's, and the same every time "
        "and on every GPU, in six datatypes",
    .scope = Scope::ranks,
    .measures =
        {
            {"rate", Unit::tflop_per_s,
             "operations over device time, of products that nobody looks at, in batches between those that "
             "are looked at: median over the second half of the duration",
             ""},
            {"other_products", Unit::count,
             "products that are not, bit for bit, what most of them are, of the same operands by the same "
             "algorithm",
             ""},
            {"digest", Unit::text, "of the product: the same on every GPU", ""},
            {"unexpected_elements", Unit::count,
             "of a small product of whole numbers: those that this machine's CPU finds otherwise", ""},
            {"library_version", Unit::text, "of cuBLASLt", ""},
            {"checked_share", Unit::ratio, "of that rate, what is left where each product is looked at", "",
             false},
        },
    .findings = {"compute.slow", "compute.wrong_product", "compute.unexpected_product",
                 "environment.library_unknown"},
    .run = run,
    .detects =
        "GPUs that multiply more slowly than an H200 or than their peers do at the same clock and power; "
        "products that come out otherwise now and then, or otherwise than on the other GPUs",
    .misses = "what all GPUs of the node get wrong alike (compute.gemm_exact); which multiprocessor it was "
              "(compute.sm)",
    .device_evidence = "never run on a GPU",
    .variants = {{"bf16", {}}, {"fp16", {}}, {"e4m3", {}}, {"int8", {}}, {"tf32", {}}, {"fp64", {}}},
    .uses_cublaslt = true,
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
