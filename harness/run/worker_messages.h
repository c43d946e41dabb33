// What a worker sends, taken apart. Each throws ipc::ProtocolError, or JSON's own error, for what a worker
// that works as it should does not send.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/run/crew.h"

namespace assay::run {

Measurement measurement_from(const nlohmann::json& measure);
Evidence evidence_from(const nlohmann::json& evidence);
/// Of the body that speaks.
OpenStep& step_of(Crew& crew, const nlohmann::json& message);
/// Where its error belongs: the device that it names, if it is one of its placement, or the placement.
Part part_of(const Crew& crew, const WorkerHandle& worker, const nlohmann::json& error);

}  // namespace assay::run
