// Large products of whole numbers on the tensor cores, in every datatype: each element is checked by sums
// that the cores work out from the operands, so that a fault that repeats itself is found as well. Before a
// datatype counts, one of its tiles is compared with this machine's CPU, on three multiprocessors (SMs).
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/check.h"
#include "harness/model/values.h"
#include "kernels/exact_gemm/exact_gemm.h"
#include "kernels/memory_patterns.h"
#include "suites/compute/wrong_sms.h"

namespace assay {
namespace {

using compute::ExactGemm;
using compute::GemmFindings;

constexpr std::uint64_t kDataSeed = 0x67656d6d;  // the same in every run: GPUs and nodes can be compared
constexpr Datapath kTypes[] = {Datapath::tensor_bf16, Datapath::tensor_fp16, Datapath::tensor_tf32,
                               Datapath::tensor_e4m3, Datapath::tensor_e5m2, Datapath::tensor_int8,
                               Datapath::tensor_fp64};
constexpr unsigned kSmsOfSelfTest = 3;

struct Totals {
  std::uint64_t wrong_sums = 0;
  std::map<unsigned, std::map<Datapath, std::uint64_t>> by_sm;
  std::map<Datapath, std::vector<compute::WrongElement>> first;
  std::map<Datapath, std::uint64_t> digests;
  std::set<Datapath> done, unexpected;
  std::map<Datapath, double> tflops;
};

/// Our own mistake, or every SM's: no SM gets the tile right. The first has it from the last multiplication.
bool fails_on_every_sm(ExactGemm& gemm) {
  for (unsigned sm = 0; sm < kSmsOfSelfTest; ++sm) {
    if (sm > 0) gemm.multiply(sm);
    if (gemm.wrong_in_tile(0) == 0) return false;
  }
  return true;
}

void add(Datapath type, const GemmFindings& found, Totals& totals) {
  totals.wrong_sums += found.wrong_rows + found.wrong_columns + found.other_digests;
  for (const auto& [sm, count] : found.by_sm) totals.by_sm[sm][type] += count;
  auto& first = totals.first[type];
  if (first.empty()) first = found.first;
  const auto [known, fresh] = totals.digests.emplace(type, found.digest);
  // Where no sum is wrong, another digest than before is two errors that make up for one another.
  if (!fresh && known->second != found.digest && found.wrong_rows + found.wrong_columns == 0)
    ++totals.wrong_sums;
}

/// A datatype, for so long.
void multiply_and_check(Context& context, Datapath type, double seconds, Totals& totals) {
  const Nanoseconds start = context.clock().now();
  const auto elapsed_s = [&] { return seconds_of(context.clock().now() - start); };
  const auto gemm = compute::make_exact_gemm(context.gpu(), type, kDataSeed);
  const double made_s = elapsed_s();
  const double multiply_s = gemm->multiply(0);
  const GemmFindings found = gemm->check();
  double once_s = std::max(1e-6, elapsed_s() - made_s);
  totals.tflops[type] = gemm->operations() / multiply_s / 1e12;
  totals.done.insert(type);
  if (fails_on_every_sm(*gemm)) {
    totals.unexpected.insert(type);
    totals.digests.emplace(type, found.digest);
    return;
  }
  add(type, found, totals);
  // The first one also loads the kernels: what it took is too much.
  for (unsigned shift = 1; seconds - elapsed_s() >= once_s;) {
    constexpr double kMost = 1e6;
    const int times = static_cast<int>(std::min((seconds - elapsed_s()) / once_s, kMost));
    const double begun_s = elapsed_s();
    add(type, gemm->multiply_and_check(shift, times), totals);
    shift += static_cast<unsigned>(times);
    once_s = std::max(1e-6, (elapsed_s() - begun_s) / times);
  }
}

std::string culprit_of(const std::map<Datapath, std::uint64_t>& wrong,
                       const std::map<Datapath, std::vector<compute::WrongElement>>& first, unsigned sm) {
  std::string text;
  for (const auto& [type, count] : wrong) {
    text += text.empty() ? "" : "; ";
    text += name_of(type);
    for (const compute::WrongElement& element : first.at(type)) {
      if (element.sm != sm) continue;
      char place[96];
      std::snprintf(place, sizeof(place), ": row %u, column %u, 0x%llx in place of %lld", element.row,
                    element.column, static_cast<unsigned long long>(element.bits),
                    static_cast<long long>(element.expected));
      text += place;
      break;
    }
  }
  return text;
}

void emit_wrong(Context& context, const Totals& totals) {
  constexpr std::size_t kMostShown = 64;
  nlohmann::json elements = nlohmann::json::array();
  for (const auto& [type, first] : totals.first) {
    for (const compute::WrongElement& one : first) {
      if (elements.size() == kMostShown) break;
      elements.push_back({{"datapath", name_of(type)},
                          {"row", one.row},
                          {"column", one.column},
                          {"sm", one.sm},
                          {"expected", one.expected},
                          {"bits", one.bits}});
    }
  }
  if (!elements.empty()) context.evidence("wrong_elements", elements);
  std::map<unsigned, std::uint64_t> by_sm;
  for (const auto& [sm, types] : totals.by_sm) {
    for (const auto& [type, count] : types) by_sm[sm] += count;
  }
  emit_wrong_sms(context, "wrong_elements", by_sm,
                 [&](unsigned sm) { return culprit_of(totals.by_sm.at(sm), totals.first, sm); });
}

std::string digest_of(const Totals& totals) {
  std::uint64_t digest = 0;
  for (const auto& [type, of_type] : totals.digests) digest = memory::mix64(digest ^ of_type);
  return hexadecimal(digest);
}

void run(Context& context) {
  const double duration_s = context.duration_s();
  Totals totals;
  try {
    for (std::size_t i = 0; i < std::size(kTypes); ++i) {
      multiply_and_check(context, kTypes[i], duration_s / static_cast<double>(std::size(kTypes)), totals);
      context.progress(static_cast<double>(i + 1) / static_cast<double>(std::size(kTypes)));
    }
  } catch (const DeviceError&) {
    emit_wrong(context, totals);  // what was found before the device gave up stands
    throw;
  }
  emit_wrong(context, totals);
  nlohmann::json tflops;
  for (const auto& [type, rate] : totals.tflops) tflops[std::string(name_of(type))] = rate;
  context.evidence("tflop_per_s", tflops);
  context.measure("wrong_sums", static_cast<double>(totals.wrong_sums), Unit::count);
  context.measure("datatypes", static_cast<double>(totals.done.size()), Unit::count);
  context.measure("unexpected_datatypes", static_cast<double>(totals.unexpected.size()), Unit::count);
  context.measure("digest", digest_of(totals));
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  double once_s = 0;
  for (const Datapath type : kTypes) {
    const compute::GemmShape shape = compute::shape_on_card(type);
    once_s += 2 * speed.seconds(compute::work_of_multiplication(type, shape)) +
              speed.seconds(compute::work_of_check(type, shape));
  }
  return std::max(duration_s, once_s);
}

const Registered compute_gemm_exact{{
    .name = "compute.gemm_exact",
    .summary = "Large products of whole numbers on the tensor cores are right to the last element, in seven "
               "datatypes",
    .scope = Scope::gpu,
    .measures =
        {
            {.name = "wrong_elements",
             .meaning = "elements of products that are not the sum that they must be, by the multiprocessor "
                        "that made their tile; of the first 64 rows or columns that do not add up, the worst "
                        "eight",
             .subcomponent = "sm",
             .numbered = true},
            {.name = kCulprit,
             .unit = Unit::text,
             .meaning = "datatype, and the first element: place, bits, what it must be",
             .subcomponent = "sm",
             .judged = false,
             .numbered = true},
            {"wrong_sums", Unit::count,
             "rows and columns of products whose weighted sums are not the operands'", ""},
            {"datatypes", Unit::count, "datatypes that were multiplied in", ""},
            {"unexpected_datatypes", Unit::count,
             "those in which no multiprocessor gets a tile as this machine's CPU does", ""},
            {"digest", Unit::text, "of all products: the same on every GPU", ""},
        },
    .findings = {"compute.wrong_result", "compute.wrong_sums", "compute.differs_from_peers",
                 "compute.unexpected_result", "compute.coverage"},
    .run = run,
    .detects = "wrong elements of products, always or now and then, alike on all GPUs or not, with the "
               "multiprocessor that made them",
    .misses = "results that are wrong on full mantissas alone (compute.sm has those); libraries' kernels",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::memory, Resource::cores, Resource::tensor_cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
