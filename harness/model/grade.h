// How one value stands to one absolute limit.
#pragma once

#include <optional>

#include "harness/model/criteria.h"
#include "harness/model/run.h"

namespace assay {

enum class Grade { pass, marginal, fail };

/// Compared with other GPUs, not with the bound alone.
bool is_peer(LimitKind kind);

/// The value as a number, for medians and comparisons; a flag is 0 or 1. Nothing for text.
std::optional<double> number_of(const Value& value);

/// The bound as a value of the records' kind.
Value bound_of(const Limit& limit);

/// Of min, max and equal limits. The value has the limit's unit.
Grade grade(const Limit& limit, const Value& value);

}  // namespace assay
