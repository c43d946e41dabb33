#include "suites/memory/miscompares.h"

#include <fmt/format.h>

#include <string>

#include "kernels/miscompare_causes.h"

namespace assay {
namespace {

std::string hexadecimal(Word128 word) {
  return fmt::format("0x{:016x}{:016x}", word.high, word.low);
}

nlohmann::json describe(const memory::Miscompare& bad, const memory::Pass& pass) {
  return {{"buffer", bad.buffer},
          {"byte_offset", fmt::format("0x{:x}", bad.byte_offset)},
          {"pass", pass.name},
          {"expected", hexadecimal(bad.expected)},
          {"actual", hexadecimal(bad.actual)},
          {"second_read", hexadecimal(bad.second_read)},
          {"written_anew", hexadecimal(bad.held[0])},
          {"complement_written", hexadecimal(bad.held[1])},
          {"cause", memory::name_of(memory::diagnose(bad, pass.pattern).cause)}};
}

template <typename Counts>
nlohmann::json histogram(const Counts& counts) {
  nlohmann::json result = nlohmann::json::object();
  int place = 0;
  for (const std::uint64_t count : counts) {
    if (count != 0) result[std::to_string(place)] = count;
    ++place;
  }
  return result;
}

}  // namespace

void emit_miscompares(Context& context, const memory::SweepReport& report,
                      const std::vector<memory::Pass>& passes) {
  context.measure("bad_words", static_cast<double>(report.bad_words), Unit::count);
  if (report.bad_words == 0) return;
  const memory::CausesOfReport causes = memory::causes_of(report, passes);
  context.measure(kCulprit, memory::culprit(report, causes));
  nlohmann::json by_cause = nlohmann::json::object(), strides = nlohmann::json::object();
  for (const auto& [cause, words] : causes.words) by_cause[std::string(memory::name_of(cause))] = words;
  for (const auto& [words, times] : causes.strides) strides[std::to_string(words)] = times;
  nlohmann::json first = nlohmann::json::array();
  for (std::uint32_t i = 0; i < report.recorded; ++i)
    first.push_back(describe(report.miscompares[i], passes[report.miscompares[i].pass]));
  context.evidence("miscompares", {{"bad_words", report.bad_words},
                                   {"bad_bits", report.bad_bits},
                                   {"words_by_flipped_bits", histogram(report.flipped_bits)},
                                   {"bad_words_by_bit", histogram(report.per_bit)},
                                   {"bit_map", {{"columns", 16U}, {"values", report.per_bit}}},
                                   {"recorded_by_cause", by_cause},
                                   {"words_to_the_next_recorded", strides},
                                   {"first", first}});
}

Measure culprit_of_miscompares() {
  return {kCulprit, Unit::text,
          "what the first 64 miscompares have in common: a bit of the data path or of the address, a cell, a "
          "read",
          "hbm", false};
}

}  // namespace assay
