#include "harness/model/part.h"

#include <algorithm>

namespace assay {

std::string_view unit_of(std::string_view part) {
  return part.substr(0, part.find('/'));
}

std::string_view subcomponent_of(std::string_view part) {
  const auto slash = part.find('/');
  return slash == std::string_view::npos ? std::string_view{} : part.substr(slash + 1);
}

std::optional<int> gpu_slot(std::string_view part) {
  const std::string_view unit = unit_of(part);
  constexpr std::string_view prefix = "gpu";
  if (unit.substr(0, prefix.size()) != prefix) return std::nullopt;
  const std::string_view digits = unit.substr(prefix.size());
  if (digits.empty() || digits.size() > 3) return std::nullopt;
  int slot = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    slot = slot * 10 + (digit - '0');
  }
  return slot;
}

Part gpu_part(int slot) {
  return "gpu" + std::to_string(slot);
}

Part pair_part(const Part& a, const Part& b) {
  return gpu_slot(a).value_or(0) <= gpu_slot(b).value_or(0) ? a + "-" + b : b + "-" + a;
}

std::vector<Part> units_of(std::string_view part) {
  const std::string_view unit = unit_of(part);
  const auto dash = unit.find('-');
  if (dash == std::string_view::npos) return {Part(unit)};
  return {Part(unit.substr(0, dash)), Part(unit.substr(dash + 1))};
}

bool is_pair(std::string_view part) {
  const std::vector<Part> units = units_of(part);
  return units.size() == 2 && gpu_slot(units[0]) && gpu_slot(units[1]) &&
         gpu_slot(units[0]) != gpu_slot(units[1]);
}

bool is_valid_part(std::string_view part) {
  const auto valid_segment = [](std::string_view segment) {
    return !segment.empty() && std::all_of(segment.begin(), segment.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
  };
  const auto slash = part.find('/');
  if (!valid_segment(part.substr(0, slash)) && !is_pair(part)) return false;
  return slash == std::string_view::npos || valid_segment(part.substr(slash + 1));
}

}  // namespace assay
