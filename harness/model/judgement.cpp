#include "harness/model/judgement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assay {

Result result_of(Verdict verdict) {
  if (verdict == Verdict::accept) return Result::pass;
  return verdict == Verdict::reject ? Result::fail : Result::not_applicable;
}

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

std::string_view ocp_name_of(Result result) {
  switch (result) {
    case Result::pass:
      return "PASS";
    case Result::fail:
      return "FAIL";
    case Result::not_applicable:
      return "NOT_APPLICABLE";
  }
  return "?";
}

std::string headline(const Judgement& judgement) {
  std::string text(name_of(judgement.verdict));
  std::vector<std::string> but = judgement.not_as_shipped;
  if (judgement.verdict == Verdict::accept) {
    if (judgement.waived > 0) but.push_back(fmt::format("waived {}", judgement.waived));
    if (judgement.replaced_limits > 0)
      but.push_back(fmt::format("limits replaced {}", judgement.replaced_limits));
  }
  return but.empty() ? text : fmt::format("{} ({})", text, fmt::join(but, ", "));
}

}  // namespace assay
