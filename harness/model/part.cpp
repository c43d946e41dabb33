#include "harness/model/part.h"

#include <algorithm>
#include <charconv>
#include <ostream>

#include <nlohmann/json.hpp>

namespace assay {
namespace {

constexpr std::string_view kGpu = "gpu", kNvswitch = "nvswitch";
constexpr std::size_t kMostDigits = 3;

bool is_segment(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// N of "kindN".
std::optional<int> number_of(std::string_view unit, std::string_view kind) {
  if (unit.substr(0, kind.size()) != kind) return std::nullopt;
  const std::string_view digits = unit.substr(kind.size());
  int slot = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), slot);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  const bool one_spelling = digits.size() == 1 || (!digits.empty() && digits[0] != '0');
  if (!whole || !one_spelling || digits.size() > kMostDigits || digits[0] == '-') return std::nullopt;
  return slot;
}

}  // namespace

Part Part::gpu(int slot) {
  return Part(std::string(kGpu) + std::to_string(slot));
}

Part Part::nvswitch(int number) {
  return Part(std::string(kNvswitch) + std::to_string(number));
}

Part Part::pair(const Part& a, const Part& b) {
  const bool in_order = a.gpu_slot().value_or(0) <= b.gpu_slot().value_or(0);
  return Part(in_order ? a.path_ + "-" + b.path_ : b.path_ + "-" + a.path_);
}

bool Part::is_valid() const {
  const auto slash = path_.find('/');
  if (!is_segment(std::string_view(path_).substr(0, slash)) && !is_pair()) return false;
  return slash == std::string::npos || is_segment(std::string_view(path_).substr(slash + 1));
}

std::optional<int> Part::gpu_slot() const {
  return number_of(std::string_view(path_).substr(0, path_.find('/')), kGpu);
}

std::optional<int> Part::nvswitch_number() const {
  return number_of(path_, kNvswitch);
}

Part Part::unit() const {
  return Part(path_.substr(0, path_.find('/')));
}

std::vector<Part> Part::units() const {
  const std::string unit = path_.substr(0, path_.find('/'));
  const auto dash = unit.find('-');
  if (dash == std::string::npos) return {Part(unit)};
  return {Part(unit.substr(0, dash)), Part(unit.substr(dash + 1))};
}

bool Part::is_pair() const {
  const std::vector<Part> both = units();
  return both.size() == 2 && both[0].gpu_slot() && both[1].gpu_slot() &&
         *both[0].gpu_slot() < *both[1].gpu_slot();
}

std::string Part::subcomponent() const {
  const auto slash = path_.find('/');
  return slash == std::string::npos ? std::string() : path_.substr(slash + 1);
}

Part Part::below(std::string_view subcomponent) const {
  return subcomponent.empty() ? *this : Part(path_ + "/" + std::string(subcomponent));
}

bool Part::is_shared() const {
  return !empty() && !is_node_level() && !is_pair() && !gpu_slot();
}

bool Part::is_node_level() const {
  return unit() == "node" || (!empty() && !is_on_node());
}

bool Part::is_on_node() const {
  const Part whole = unit();
  return !whole.empty() && whole != "harness" && whole != "environment";
}

std::ostream& operator<<(std::ostream& out, const Part& part) {
  return out << part.path();
}

void to_json(nlohmann::json& j, const Part& part) {
  j = part.path();
}

void from_json(const nlohmann::json& j, Part& part) {
  part = Part(j.get<std::string>());
}

}  // namespace assay
