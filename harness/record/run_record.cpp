#include "harness/record/run_record.h"

namespace assay::record {

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

}  // namespace assay::record
