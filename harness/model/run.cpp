#include "harness/model/run.h"

namespace assay {

std::string_view name_of(Status status) {
  switch (status) {
    case Status::open:
      return "open";
    case Status::complete:
      return "complete";
    case Status::error:
      return "error";
    case Status::skip:
      return "skip";
  }
  return "?";
}

Task task_of(const Step& step) {
  return {step.stage, step.check, step.variant, step.part};
}

Task task_of(int stage, const Placement& placement, const Body& body) {
  return {stage, body.check, body.variant, placement.part};
}

}  // namespace assay
