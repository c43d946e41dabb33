// Parts: where on the node a measurement or a finding belongs.
#pragma once

#include <fmt/core.h>

#include <compare>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace assay {

/// A path of one or two segments: a unit, or two of them where a link between two GPUs is meant, and below it
/// a subcomponent. "gpu3", "gpu3/hbm", "gpu0-gpu5", "nvswitch1/port12", "node", "environment", "harness".
/// gpuN is chassis slot N, never an NVML or CUDA index: those shift when a GPU is missing. One part has one
/// spelling: "gpu7" and not "gpu07", the lower slot of a pair first.
///
/// Records and files of others can hold any text, so any text can be held; is_valid() tells.
class Part {
 public:
  Part() = default;
  Part(std::string path) : path_(std::move(path)) {}
  Part(std::string_view path) : path_(path) {}
  Part(const char* path) : path_(path) {}
  static Part gpu(int slot);
  static Part nvswitch(int number);
  /// The lower slot first.
  static Part pair(const Part& a, const Part& b);

  const std::string& path() const { return path_; }
  bool empty() const { return path_.empty(); }
  bool is_valid() const;

  /// N of "gpuN" and of what is below it; nothing for other parts.
  std::optional<int> gpu_slot() const;
  /// N of "nvswitchN"; nothing for other parts.
  std::optional<int> nvswitch_number() const;
  /// "gpu3" of "gpu3/hbm": what a person can pull out.
  Part unit() const;
  /// "gpu0" and "gpu5" of a pair, the unit of anything else.
  std::vector<Part> units() const;
  bool is_pair() const;
  /// "hbm" of "gpu3/hbm"; empty where there is none.
  std::string subcomponent() const;
  /// "gpu3/hbm" of "gpu3" and "hbm"; itself where `subcomponent` is empty.
  Part below(std::string_view subcomponent) const;
  /// What the node's GPUs share, such as an NVSwitch: neither a GPU, or a pair of them, nor the node as a
  /// whole.
  bool is_shared() const;
  /// Of the node as a whole, the harness or the environment.
  bool is_node_level() const;
  /// Something that a person finds on the node: not the harness, not the environment, not nothing.
  bool is_on_node() const;

  friend bool operator==(const Part&, const Part&) = default;
  friend auto operator<=>(const Part&, const Part&) = default;

 private:
  std::string path_;
};

std::ostream& operator<<(std::ostream& out, const Part& part);
void to_json(nlohmann::json& j, const Part& part);
void from_json(const nlohmann::json& j, Part& part);

}  // namespace assay

template <>
struct fmt::formatter<assay::Part> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const assay::Part& part, Context& context) const {
    return fmt::formatter<std::string_view>::format(part.path(), context);
  }
};
