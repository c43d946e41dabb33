// Where a value stands in relation to the limits, for marking it. The verdict is the judge's alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/model/criteria.h"
#include "harness/model/run.h"
#include "reports/labels.h"

namespace assay::reports {

enum class Mark { none, marginal, outside };

/// Of a check, or of telemetry, those that are held against a step of this check in this variant.
std::vector<const Limit*> limits_of(const Criteria& criteria, std::string_view check,
                                    std::string_view measurement, const std::string& step_check,
                                    const std::string& step_variant);

/// Of min, max and equal limits of the value as it is. The others compare with other GPUs, or at a reading of
/// the sensors: what they say comes from the findings.
Mark mark_of(const Limit& limit, const Value& value, std::string_view unit);

/// ">= 4400 GB/s", with the marginal band where there is one.
std::string limit_text(const Labels& labels, const Limit& limit);

/// What a value was held against, as a finding cites it. Peer limits come with the bound that the other GPUs
/// gave.
std::string limit_text(const Labels& labels, const EvidenceItem& item);

/// "4.8 TB/s peak, datasheet, 2025-11-01".
std::string source_text(const Labels& labels, const Limit& limit);

}  // namespace assay::reports
