#include "harness/model/grade.h"

#include <string_view>

#include "harness/model/versions.h"

namespace assay {

bool is_peer(LimitKind kind) {
  return kind == LimitKind::peer_equal || kind == LimitKind::peer_ratio || kind == LimitKind::peer_excess;
}

std::optional<double> number_of(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1.0 : 0.0;
  return std::nullopt;
}

Value bound_of(const Limit& limit) {
  return std::visit([](const auto& bound) { return Value(bound); }, limit.bound);
}

namespace {

/// Calls `body` with each item, until it says true: whether it did.
template <typename Body>
bool any_item(std::string_view items, std::string_view separator, const Body& body) {
  while (true) {
    const auto end = items.find(separator);
    if (body(items.substr(0, end))) return true;
    if (end == std::string_view::npos) return false;
    items.remove_prefix(end + separator.size());
  }
}

/// "28.43.2026" of "28.43.2026 (MT4129)": whoever names no type of network card agrees to that version of
/// each. Of other firmware what is in brackets is the version's own.
std::string_view without_type(const Limit& limit, std::string_view version) {
  return limit.measurement == "network_firmware" ? version.substr(0, version.find(" (")) : version;
}

/// Of a node with several cards the text has the version of each: all of them have to be among those.
bool is_one_of(const Limit& limit, std::string_view alternatives, std::string_view text) {
  return !any_item(text, kTogether, [&](std::string_view version) {
    return !any_item(alternatives, kAlternative, [&](std::string_view known) {
      return is_same_version(known, version) || is_same_version(known, without_type(limit, version));
    });
  });
}

}  // namespace

Grade grade(const Limit& limit, const Value& value) {
  const auto number = number_of(value);
  const auto* bound = std::get_if<double>(&limit.bound);
  if (limit.kind == LimitKind::equal) {
    if (bound != nullptr) return number && *number == *bound ? Grade::pass : Grade::fail;
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr && *text == std::get<std::string>(limit.bound) ? Grade::pass : Grade::fail;
  }
  if (limit.kind == LimitKind::one_of) {
    const auto* text = std::get_if<std::string>(&value);
    const auto* alternatives = std::get_if<std::string>(&limit.bound);
    return text != nullptr && alternatives != nullptr && is_one_of(limit, *alternatives, *text) ? Grade::pass
                                                                                                : Grade::fail;
  }
  if (!number || bound == nullptr) return Grade::fail;
  // Written so that a bound that is no number fails.
  if (limit.kind == LimitKind::min) {
    if (!(*number >= *bound)) return Grade::fail;
    return limit.marginal_bound && *number < *limit.marginal_bound ? Grade::marginal : Grade::pass;
  }
  if (!(*number <= *bound)) return Grade::fail;
  return limit.marginal_bound && *number > *limit.marginal_bound ? Grade::marginal : Grade::pass;
}

}  // namespace assay
