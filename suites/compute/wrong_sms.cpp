#include "suites/compute/wrong_sms.h"

#include <algorithm>
#include <vector>

namespace assay {
namespace {

constexpr std::size_t kMostAccused = 8;

/// By number; two that follow one another share a TPC, and eighteen, more or less, a GPC.
nlohmann::json map_of(const std::map<unsigned, std::uint64_t>& by_sm) {
  constexpr std::size_t kLeast = 132;
  std::vector<std::uint64_t> values(std::max<std::size_t>(kLeast, by_sm.rbegin()->first + 1));
  for (const auto& [sm, count] : by_sm) values[sm] = count;
  return {{"columns", 12U}, {"values", values}};
}

}  // namespace

void emit_wrong_sms(Context& context, const std::string& measure,
                    const std::map<unsigned, std::uint64_t>& by_sm,
                    const std::function<std::string(unsigned sm)>& culprit) {
  if (by_sm.empty()) return;
  context.evidence("sm_map", map_of(by_sm));
  std::vector<std::pair<unsigned, std::uint64_t>> worst(by_sm.begin(), by_sm.end());
  std::stable_sort(worst.begin(), worst.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (std::size_t i = 0; i < std::min(worst.size(), kMostAccused); ++i) {
    const auto [sm, count] = worst[i];
    const Part part = context.part().below("sm" + std::to_string(sm));
    std::string text = culprit(sm);
    if (worst.size() > kMostAccused)
      text += "; " + std::to_string(worst.size()) + " SMs of this GPU are wrong";
    context.measure_at(part, measure, static_cast<double>(count), Unit::count);
    context.measure_at(part, kCulprit, text);
  }
}

}  // namespace assay
