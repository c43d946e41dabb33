#include "suites/collective/meeting.h"

#include <algorithm>
#include <string_view>

#include "harness/model/finding_codes.h"

namespace assay::collective {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HungRank, asked, culprit, why)

namespace {

constexpr std::string_view kHung = "hung ";

bool is_of_hung(const std::string& brought) {
  return brought.compare(0, kHung.size(), kHung) == 0;
}

}  // namespace

std::vector<std::string> meet(Context& context, const std::string& mine, double most_s) {
  std::vector<std::string> brought = context.ranks().exchange(mine, most_s);
  if (std::any_of(brought.begin(), brought.end(), is_of_hung))
    throw DeviceError(codes::collective_hung_somewhere, "others hang in what this rank has done");
  return brought;
}

std::vector<std::optional<HungRank>> meet_after_hang(Context& context, const HungRank& mine, double most_s) {
  const std::string words = std::string(kHung) + nlohmann::json(mine).dump();
  std::vector<std::optional<HungRank>> ranks;
  for (const std::string& brought : context.ranks().exchange(words, most_s)) {
    ranks.emplace_back();
    if (is_of_hung(brought))
      ranks.back() = nlohmann::json::parse(brought.substr(kHung.size())).get<HungRank>();
  }
  return ranks;
}

HungRank all_considered(const std::vector<std::optional<HungRank>>& ranks) {
  HungRank found;
  for (const auto& rank : ranks) {
    if (!rank) continue;
    found.asked = std::max(found.asked, rank->asked);
    if (found.culprit >= 0 || rank->why.empty()) continue;
    found.culprit = rank->culprit;
    found.why = rank->why;
  }
  if (found.culprit < 0 || static_cast<std::size_t>(found.culprit) >= ranks.size()) {
    found.culprit = -1;
    return found;
  }
  const auto& accused = ranks[static_cast<std::size_t>(found.culprit)];
  if (accused && accused->asked == found.asked) return found;
  found.culprit = -1;
  found.why += accused ? ", but waits in one before" : ", but does not hang";
  return found;
}

}  // namespace assay::collective
