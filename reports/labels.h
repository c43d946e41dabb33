// The fixed words of all reports, in English and Simplified Chinese.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>

#include "harness/model/criteria.h"
#include "harness/model/judgement.h"
#include "harness/model/measurement_names.h"
#include "harness/model/phrase.h"
#include "harness/model/source_words.h"

namespace assay::reports {

enum class Label {
  title,
  simulated,
  simulated_sentence,
  verdict,
  accept_word,
  reject_word,
  inconclusive_word,
  accept_meaning,
  accept_waived_meaning,
  reject_meaning,
  inconclusive_meaning,
  partial,
  bench,
  functional_only,
  functional_only_sentence,
  own_configuration,
  unfinished,
  torn,
  identity,
  provenance,
  node,
  sku,
  profile,
  started,
  ended,
  driver,
  version,
  plan_hash,
  criteria_hash,
  command_line,
  seed,
  planted_faults,
  run_folder,
  report_file,
  what_to_do,
  nothing_to_do,
  all_gpus,
  same_on_all_gpus,
  next_step_of_all_gpus,
  alike_on_all_gpus,
  each_in_full,
  and_more,
  see_notes,
  marginal_findings,
  waived_findings,
  part,
  serial,
  slot,
  module_id,
  pci_address,
  name,
  part_number,
  uuid,
  location,
  action,
  next_step,
  evidence,
  step,
  measurement,
  value,
  limit,
  inline_limit,
  inline_source,
  unit,
  source,
  detail,
  consequences,
  consequences_none_accused,
  raw_evidence_title,
  raw_evidence_below,
  severity_fail,
  severity_inconclusive,
  severity_marginal,
  severity_waived,
  checks_by_part,
  between_gpus,
  between_gpus_legend,
  between_gpus_as_tables,
  from_to,
  key_measurements,
  measurements,
  stage_attempt,
  mark_outside,
  mark_marginal,
  mark_missing,
  legend,
  all_parts,
  telemetry,
  telemetry_zero,
  capability,
  capability_of,
  capability_least,
  capability_most,
  capability_figures,
  capability_sentence,
  inventory,
  not_found,
  steps,
  check,
  status,
  attempt,
  errors,
  run_errors,
  limits,
  relation,
  marginal_band,
  reason,
  peak,
  date,
  waivers,
  waiver_who,
  waiver_expires,
  finding,
  any,
  notes,
  none,
  cell_not_planned,
  cell_not_run,
  cell_open,
  cell_pass,
  cell_fail,
  cell_undecided,
  cell_error,
  cell_skip,
  cell_not_applicable,
  status_open,
  status_complete,
  status_error,
  status_skip,
  relation_min,
  relation_max,
  relation_equal,
  relation_one_of,
  relation_peer_equal,
  relation_peer_ratio,
  relation_peer_excess,
  of_other_gpus,
  action_none,
  action_rerun,
  action_fix_environment,
  action_reset,
  action_power_cycle,
  action_reseat,
  action_reseat_module,
  action_swap_test,
  action_field_diagnostics,
  action_return,
  if_it_comes_again,
  then,
  colon,
  list_comma,
  count,
};

class Labels {
 public:
  explicit Labels(std::string_view language) : chinese_(language == "zh-CN") {}

  std::string operator()(Label label) const;
  template <typename... Arguments>
  std::string operator()(Label label, const Arguments&... arguments) const {
    return fmt::format(fmt::runtime((*this)(label)), arguments...);
  }
  /// The reader's language where `texts` has it, else English, else nothing.
  std::string pick(const std::map<std::string, std::string>& texts) const;

  const std::string& pick(const Phrase& phrase) const { return phrase.in(html_language()); }
  const std::string& message(const Error& error) const {
    return chinese_ && !error.chinese.empty() ? error.chinese : error.message;
  }
  std::string source(std::string_view words) const { return source_in(words, html_language()); }
  std::string name_of_measurement(std::string_view identifier) const {
    return assay::name_of_measurement(identifier, html_language());
  }

  std::string_view html_language() const { return chinese_ ? "zh-CN" : "en"; }

 private:
  bool chinese_;
};

std::string name_of(const Labels& labels, Severity severity);
std::string name_of(const Labels& labels, Status status);
std::string name_of(const Labels& labels, Action action);
/// "run again; if it comes again: swap test, then return the part".
std::string actions_text(const Labels& labels, const Part& part, const std::vector<Action>& actions);
/// The headline, with the verdict's own word beside that of the reader's language: a tool looks for "REJECT",
/// a technician for 拒收.
std::string headline_in(const Labels& labels, const Judgement& judgement);
/// What the verdict means for the node, in a sentence.
std::string meaning_of(const Labels& labels, const Judgement& judgement);
/// ">=" for "min"; a relation without a sign of its own is shown as it is.
std::string relation_text(const Labels& labels, std::string_view relation);

}  // namespace assay::reports
