// The verdict: what the records show, waived, explained and merged, in the order of precedence.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/model/shared_gpus.h"
#include "harness/model/telemetry_measures.h"
#include "harness/verdict/draft.h"
#include "harness/verdict/follow_ups.h"

namespace assay::verdict {
namespace {

/// Whether the criteria ask for anything at all: judging nothing must not look like passing everything.
bool require_something(const Criteria& criteria) {
  return std::any_of(criteria.required.begin(), criteria.required.end(), [](const RequiredCheck& required) {
    return required.check != kTelemetryCheck && !required.follow_up && !required.parts.empty();
  });
}

/// Why this run cannot be an acceptance, whatever it measured.
std::vector<Phrase> obstacles(const Case& c) {
  const Plan& plan = c.run.plan;
  std::vector<Phrase> found;
  if (!require_something(c.criteria))
    found.push_back(
        {"the criteria require nothing: nothing can be accepted", "判定标准没有任何要求：无法验收"});
  if (plan.sku != c.criteria.sku || plan.profile != c.criteria.profile) {
    found.push_back(phrase("the criteria are for {}, {} and the run is of {}, {}",
                           "判定标准属于 {}、{}，而本次运行属于 {}、{}", c.criteria.sku, c.criteria.profile,
                           plan.sku, plan.profile));
  }
  for (const std::string& reason : plan.partial) {
    found.push_back(
        phrase("partial run ({}): it cannot lead to ACCEPT", "部分运行（{}）：不能得出接收结论", reason));
  }
  if (!c.run.closed)
    found.push_back({"the run was not ended: resume it", "运行未结束：请用 assay resume 继续"});
  if (c.run.torn)
    found.push_back(
        {"the records' last line is torn: what followed was lost", "记录的最后一行不完整：其后内容已丢失"});
  return found;
}

std::vector<std::string> sorted_titles(std::vector<std::string> titles) {
  std::sort(titles.begin(), titles.end());
  return titles;
}

/// A closed run holds its own judgement. Where the same criteria now lead to another one, the records are not
/// those that were judged, or the judge is another version. Empty where both agree, and for other criteria.
std::string contradiction(const RunRecord& run, const Judgement& now) {
  if (!run.judgement || run.criteria_hash != now.criteria_hash) return {};
  const RecordedJudgement& then = *run.judgement;
  const bool doubted_then = then.verdict == name_of(Verdict::inconclusive) && !run.doubts.empty();
  const Verdict agreed = doubted_then ? Verdict::inconclusive : now.verdict;
  if (then.verdict != name_of(agreed) || then.result != ocp_name_of(result_of(agreed))) {
    return fmt::format(
        "the run was closed with {} ({}), and its records now lead to {}: they were changed since, or "
        "judged by another version of Assay",
        then.verdict, then.result, name_of(now.verdict));
  }
  std::vector<std::string> titles;
  for (const Finding& finding : now.findings)
    titles.push_back(fmt::format("{} {}@{}", name_of(finding.severity), finding.code, finding.part));
  if (sorted_titles(then.findings) == sorted_titles(std::move(titles))) return {};
  return fmt::format(
      "the run was closed with other findings ({}) than its records now lead to: they were changed since, or "
      "judged by another version of Assay",
      then.findings.empty() ? "none" : fmt::format("{}", fmt::join(then.findings, ", ")));
}

/// What the kernel's log said of no part that is judged, above all.
void add_warnings(const RunRecord& run, std::vector<Phrase>& notes) {
  constexpr std::size_t kMost = 40;
  std::vector<std::pair<Phrase, int>> said;  // each once, in their order, and how often
  for (const Phrase& warning : run.warnings) {
    const auto same = std::find_if(said.begin(), said.end(),
                                   [&](const auto& one) { return one.first.english == warning.english; });
    if (same == said.end())
      said.emplace_back(warning, 1);
    else
      ++same->second;
  }
  for (std::size_t k = 0; k < std::min(said.size(), kMost); ++k) {
    const auto& [warning, times] = said[k];
    notes.push_back(times == 1 ? phrase("noted: {}", "记录到：{}", warning)
                               : phrase("noted {1} times: {0}", "记录到 {1} 次：{0}", warning, times));
  }
  if (said.size() > kMost)
    notes.push_back(
        phrase("{} further warnings are in the records", "另有 {} 条警告，见记录", said.size() - kMost));
}

bool any_of_rank(const std::vector<Draft>& drafts, int rank) {
  return std::any_of(drafts.begin(), drafts.end(),
                     [&](const Draft& draft) { return rank_of(draft) == rank; });
}

/// Consequences count too: a cause is at least as binding, so they change nothing, and no mistake there can
/// lose one.
Verdict verdict_of(const std::vector<Draft>& drafts, bool acceptable) {
  if (any_of_rank(drafts, 0)) return Verdict::reject;
  if (any_of_rank(drafts, 1)) return Verdict::inconclusive;
  if (any_of_rank(drafts, 2)) return Verdict::reject;
  return acceptable ? Verdict::accept : Verdict::inconclusive;
}

}  // namespace

Judgement judge(const RunRecord& run, const Criteria& criteria) {
  // Only the run's own criteria told it which follow-ups were due.
  const bool own = hash_of(criteria) == run.criteria_hash;
  const Case c{run, criteria, own ? triggered(run, criteria) : Triggered{}};
  Judgement judgement;
  judgement.simulated = run.plan.simulated;
  judgement.sku = run.plan.sku;
  judgement.profile = run.plan.profile;
  judgement.plan_hash = run.plan_hash;
  judgement.criteria_hash = hash_of(criteria);

  const std::vector<Phrase> in_the_way = obstacles(c);
  judgement.notes = in_the_way;
  if (!run.plan.certifiable || !criteria.certifiable) {
    judgement.notes.push_back(phrase("{} cannot be certified", "{} 不可用于验收", run.plan.sku));
  }
  if (const int ranks = ranks_of_a_gpu(run.plan); ranks > 1) {
    judgement.notes.push_back(
        phrase("functional only: {} NCCL ranks share one GPU; their speed means nothing",
               "仅验证功能：{} 个 NCCL rank 共用一块 GPU，其速度无意义", ranks));
  }
  if (judgement.criteria_hash != run.criteria_hash) {
    judgement.notes.push_back(
        {"judged by other criteria than the run was started with", "所用判定标准与运行开始时不同"});
  }

  judgement.replaced_limits = static_cast<int>(criteria.replaced_limits.size());
  for (const std::string& limit : criteria.replaced_limits) {
    judgement.notes.push_back(phrase("the limit of {} is not the SKU's own: it was given by --limits",
                                     "{} 的限值并非 SKU 自带，而是由 --limits 给出", limit));
  }

  for (const auto& [what, why] : criteria.unmet_wishes) {
    judgement.notes.push_back(phrase("the site's file asks for {}, which {} does not have: {}",
                                     "站点文件要求 {}，而 {} 没有此项：{}", what, criteria.sku, why));
  }

  judgement.not_as_shipped = criteria.not_as_shipped;
  for (const std::string& configuration : criteria.not_as_shipped) {
    judgement.notes.push_back(
        phrase("the verdict rests on a configuration that Assay was not shipped with: {}",
               "结论所依据的配置并非随 Assay 发布：{}", configuration));
  }

  add_warnings(run, judgement.notes);

  std::vector<Observation> seen;
  observe_missing_readings(c, seen);
  observe_completeness(c, seen, judgement.notes);
  observe_declarations(c, seen);
  std::vector<Phrase> not_judged;
  observe_limits(c, seen, not_judged);
  judgement.notes.insert(judgement.notes.end(), not_judged.begin(), not_judged.end());
  observe_manifest(c, seen, judgement.notes);
  observe_common_causes(c, seen);
  observe_errors(c, seen, judgement.notes);

  std::vector<Draft> drafts = gather(c, seen);
  waive(c, drafts, judgement.notes);
  explain(drafts);
  judgement.findings = merge(c, drafts);
  judgement.checks = check_outcomes(c, seen, drafts);
  judgement.waived =
      static_cast<int>(std::count_if(judgement.findings.begin(), judgement.findings.end(),
                                     [](const Finding& f) { return f.severity == Severity::waived; }));
  judgement.verdict = verdict_of(drafts, in_the_way.empty() && not_judged.empty());

  judgement.doubts = run.doubts;
  if (std::string doubt = contradiction(run, judgement); !doubt.empty())
    judgement.doubts.push_back(std::move(doubt));
  if (!judgement.doubts.empty()) judgement.verdict = verdict_of(drafts, false);
  judgement.notes.insert(judgement.notes.begin(), judgement.doubts.begin(), judgement.doubts.end());
  return judgement;
}

}  // namespace assay::verdict
