// The one way in which JSON that comes from outside this process is read: files of a run, messages of
// children.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>

#include <nlohmann/json.hpp>

namespace assay {

/// Far above what Assay writes (a plan nests 6 deep) and far below what the recursions over a value bear.
inline constexpr int kMaxJsonDepth = 100;

/// What() says what is wrong, without the file's name.
class JsonError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws JsonError for what is no JSON, nests deeper than kMaxJsonDepth or has a number that no double
/// holds.
nlohmann::json parse_json(std::string_view text);

/// A whole number that fits. Throws JsonError where json's own conversion would silently give another one.
int int_from(const nlohmann::json& j);
std::int64_t int64_from(const nlohmann::json& j);

}  // namespace assay
