// The hash by which a plan or criteria are known.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace assay {

/// "sha256:..." over the canonical JSON text.
std::string content_hash(const nlohmann::json& j);

}  // namespace assay
