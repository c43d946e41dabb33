// Versions of our own JSON forms. A form that gains, loses or changes a field counts up, and its reader goes
// on reading what older versions of Assay wrote: a run stays judgeable.
#pragma once

#include <nlohmann/json.hpp>

namespace assay {

/// The version that `j` says it has; 1 where it says nothing, as the first ones did. Throws
/// std::invalid_argument for one above `newest`, which a newer Assay wrote.
int schema_of(const nlohmann::json& j, int newest);

}  // namespace assay
