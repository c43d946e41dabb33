#include "harness/verdict/judgement.h"

#include <fmt/format.h>

namespace assay::verdict {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::accept:
      return "ACCEPT";
    case Verdict::reject:
      return "REJECT";
    case Verdict::inconclusive:
      return "INCONCLUSIVE";
  }
  return "?";
}

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::fail:
      return "fail";
    case Severity::inconclusive:
      return "inconclusive";
    case Severity::marginal:
      return "marginal";
    case Severity::waived:
      return "waived";
  }
  return "?";
}

std::string_view name_of(Result result) {
  switch (result) {
    case Result::pass:
      return "pass";
    case Result::fail:
      return "fail";
    case Result::not_applicable:
      return "not_applicable";
  }
  return "?";
}

std::string headline(const Judgement& judgement) {
  if (judgement.verdict == Verdict::accept && judgement.waived > 0) {
    return fmt::format("{} (waived {})", name_of(judgement.verdict), judgement.waived);
  }
  return std::string(name_of(judgement.verdict));
}

}  // namespace assay::verdict
