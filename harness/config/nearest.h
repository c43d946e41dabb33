// "Did you mean": the name that was probably meant by one that does not exist.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::config {

/// The candidate within a few typing slips of `name`; empty where none is that near.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

/// "; did you mean 'min'?", or the candidates where none is near and they are few, or nothing.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace assay::config
