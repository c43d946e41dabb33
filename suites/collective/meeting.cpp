#include "suites/collective/meeting.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "harness/model/finding_codes.h"

namespace assay::collective {
namespace {

constexpr std::string_view kHung = "hung after ";

/// Nothing from a rank that does not hang.
std::optional<std::uint64_t> asked_by(const std::string& brought) {
  if (brought.compare(0, kHung.size(), kHung) != 0) return std::nullopt;
  return std::stoull(brought.substr(kHung.size()));
}

}  // namespace

std::vector<std::string> meet(Context& context, const std::string& mine, double most_s) {
  std::vector<std::string> brought = context.ranks().exchange(mine, most_s);
  if (std::any_of(brought.begin(), brought.end(), [](const auto& one) { return asked_by(one).has_value(); }))
    throw DeviceError(codes::collective_hung_somewhere, "others hang in what this rank has done");
  return brought;
}

std::vector<std::string> meet_after_hang(Context& context, std::uint64_t asked, double most_s) {
  return context.ranks().exchange(std::string(kHung) + std::to_string(asked), most_s);
}

bool has_asked_for_all(const std::vector<std::string>& brought, int rank) {
  std::uint64_t most = 0;
  for (const std::string& one : brought) most = std::max(most, asked_by(one).value_or(0));
  return asked_by(brought.at(static_cast<std::size_t>(rank))) == most;
}

}  // namespace assay::collective
