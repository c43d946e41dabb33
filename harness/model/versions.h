// Versions as drivers and firmware write them.
#pragma once

#include <charconv>
#include <string_view>
#include <tuple>

namespace assay {

/// Of NVIDIA's driver: 580 and 65 of "580.65.06"; zeros where nobody knows.
struct DriverVersion {
  int branch = 0, release = 0;

  static DriverVersion of(std::string_view text) {
    DriverVersion version;
    const char* const end = text.data() + text.size();
    const auto [dot, error] = std::from_chars(text.data(), end, version.branch);
    if (error == std::errc() && dot != end) std::from_chars(dot + 1, end, version.release);
    return version;
  }
  bool is_known() const { return branch > 0; }
  bool operator<(const DriverVersion& other) const {
    return std::tie(branch, release) < std::tie(other.branch, other.release);
  }
};

/// The first with CUDA 13 (CUDA Toolkit 13.0 release notes, table 2).
inline constexpr DriverVersion kFirstCuda13Driver{580, 0};

/// Vendors write the letters of the same version in either case.
inline bool is_same_version(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace assay
