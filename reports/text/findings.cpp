#include <algorithm>
#include <utility>

#include "reports/format.h"
#include "reports/text/page.h"
#include "reports/text/width.h"
#include "reports/view/limits.h"
#include "reports/view/parts.h"

namespace assay::reports {
namespace {

constexpr std::size_t kIndent = 4;
// A fault that shows in every step of every GPU is said a few times; report.html has the whole list.
constexpr std::size_t kMostItems = 6;

std::string evidence_text(const Labels& labels, const EvidenceItem& item, const Part& accused) {
  std::string text = item.step;
  if (!item.part.empty() && item.part != accused)
    text += text.empty() ? item.part.path() : fmt::format(" ({})", item.part);
  const auto add = [&](const std::string& piece) {
    if (piece.empty()) return;
    if (!text.empty()) text += labels(Label::colon);
    text += piece;
  };
  if (!item.measurement.empty()) {
    std::string value = item.value ? value_text_apart(*item.value, item.limit) : labels(Label::mark_missing);
    std::string sentence = labels.name_of_measurement(item.measurement) + " = " + with_unit(value, item.unit);
    const std::string limit = limit_text(labels, item);
    if (!limit.empty()) sentence += labels(Label::list_comma) + labels(Label::inline_limit) + " " + limit;
    if (!item.source.empty())
      sentence += fmt::format(" [{}{}{}]", labels(Label::inline_source), labels(Label::colon),
                              labels.source(item.source));
    add(sentence);
  }
  add(labels.pick(item.detail));
  return text;
}

std::string consequence_text(const Labels& labels, const Consequence& consequence) {
  std::string text = fmt::format("{} ({}, {})", consequence.part, consequence.check, consequence.code);
  if (!consequence.detail.empty()) text += labels(Label::colon) + labels.pick(consequence.detail);
  return text;
}

void add_place(TextPage& page, const Finding& finding) {
  const Labels& labels = page.labels;
  std::string place;
  const auto add = [&](Label label, const std::string& value) {
    if (value.empty()) return;
    if (!place.empty()) place += "   ";
    place += labels(label) + " " + value;
  };
  add(Label::serial, finding.serial);
  add(Label::slot, finding.slot);
  if (const PlannedSlot* slot = slot_of(page.input.run.plan, finding.part)) {
    add(Label::pci_address, slot->pci_address);
  }
  if (!place.empty()) page.paragraph(kIndent, place);
}

void add_rest(TextPage& page, std::size_t indent, std::size_t count) {
  if (count <= kMostItems) return;
  page.paragraph(indent, fmt::format(fmt::runtime(page.labels(Label::and_more)), count - kMostItems));
}

void add_finding(TextPage& page, const NumberedFinding& numbered) {
  const Finding& finding = *numbered.finding;
  const Labels& labels = page.labels;
  const auto style = finding.severity == Severity::fail ? page.styles.bad : page.styles.caution;
  page.line();
  const std::string number = pad_left(std::to_string(numbered.number), 2) + ". ";
  page.line(
      {{number, ""},
       {fmt::format("{}   {}   {}", finding.part, finding.code, name_of(labels, finding.severity)), style}});
  add_place(page, finding);
  page.paragraph(kIndent, labels.pick(finding.summary));
  std::size_t width = 0;
  for (const Label label : {Label::next_step, Label::action, Label::evidence, Label::consequences}) {
    width = std::max(width, display_width(labels(label)) + 2);
  }
  page.field(kIndent, width, labels(Label::next_step), labels.pick(finding.next_step));
  page.field(kIndent, width, labels(Label::action), actions_text(labels, finding.part, finding.actions));
  std::string label = labels(Label::evidence);
  for (std::size_t i = 0; i < std::min(finding.evidence.size(), kMostItems); ++i) {
    page.field(kIndent, width, std::exchange(label, ""),
               evidence_text(labels, finding.evidence[i], finding.part));
  }
  add_rest(page, kIndent + width, finding.evidence.size());
  if (finding.consequences.empty()) return;
  page.field(kIndent, width, labels(Label::consequences), labels(Label::consequences_none_accused));
  for (std::size_t i = 0; i < std::min(finding.consequences.size(), kMostItems); ++i) {
    page.field(kIndent + width, 2, "-", consequence_text(labels, finding.consequences[i]));
  }
  add_rest(page, kIndent + width, finding.consequences.size());
}

/// One card for what is said of every GPU alike; the whole of each is in report.html.
void add_shared(TextPage& page, const FindingGroup& group) {
  const Labels& labels = page.labels;
  const Finding& first = *group.members.front().finding;
  const auto style = first.severity == Severity::fail ? page.styles.bad : page.styles.caution;
  page.line();
  page.line({{pad_left(std::to_string(group.members.front().number), 2) + ". ", ""},
             {fmt::format("{}   {}   {}", fmt::format(fmt::runtime(labels(Label::all_gpus)), group.gpus),
                          first.code, name_of(labels, first.severity)),
              style}});
  const bool shared = hangs_on_what_they_share(group);
  page.paragraph(kIndent, labels(shared ? Label::same_on_all_gpus : Label::alike_on_all_gpus, group.gpus));
  for (const NumberedFinding& member : group.members)
    page.field(kIndent, 2, "-", labels.pick(member.finding->summary));
  std::size_t width = 0;
  for (const Label each : {Label::next_step, Label::action, Label::evidence, Label::consequences})
    width = std::max(width, display_width(labels(each)) + 2);
  page.field(kIndent, width, labels(Label::next_step),
             shared ? labels(Label::next_step_of_all_gpus) : labels.pick(first.next_step));
  page.field(kIndent, width, labels(Label::action),
             actions_text(labels, group.members.front().finding->part, actions_of_shared(group)));
  std::string label = labels(Label::evidence);
  std::size_t items = 0;
  for (const NumberedFinding& member : group.members) {
    for (const EvidenceItem& item : member.finding->evidence) {
      if (items++ < kMostItems)
        page.field(kIndent, width, std::exchange(label, ""), evidence_text(labels, item, {}));
    }
  }
  add_rest(page, kIndent + width, items);
  std::vector<std::string> consequences;
  for (const NumberedFinding& member : group.members) {
    for (const Consequence& consequence : member.finding->consequences)
      consequences.push_back(consequence_text(labels, consequence));
  }
  if (consequences.empty()) return;
  page.field(kIndent, width, labels(Label::consequences), labels(Label::consequences_none_accused));
  for (std::size_t i = 0; i < std::min(consequences.size(), kMostItems); ++i)
    page.field(kIndent + width, 2, "-", consequences[i]);
  add_rest(page, kIndent + width, consequences.size());
}

void add_group(TextPage& page, Label title, const std::vector<NumberedFinding>& findings) {
  if (findings.empty()) return;
  const std::vector<FindingGroup> groups = grouped(page.input, findings);
  page.heading(fmt::format("{} ({})", page.labels(title), groups.size()));
  for (const FindingGroup& group : groups) {
    if (group.members.size() == 1)
      add_finding(page, group.members.front());
    else
      add_shared(page, group);
  }
}

}  // namespace

void add_text_findings(TextPage& page) {
  const auto urgent = findings_to_act_on(page.input.judgement);
  if (urgent.empty()) {
    page.heading(page.labels(Label::what_to_do));
    const bool accepted = page.input.judgement.verdict == Verdict::accept;
    page.paragraph(0, page.labels(accepted ? Label::nothing_to_do : Label::see_notes));
  }
  add_group(page, Label::what_to_do, urgent);
  add_group(page, Label::marginal_findings, findings_of(page.input.judgement, Severity::marginal));
  add_group(page, Label::waived_findings, findings_of(page.input.judgement, Severity::waived));
  if (page.input.run.errors.empty()) return;
  page.heading(page.labels(Label::run_errors));
  for (const Error& error : page.input.run.errors) {
    page.field(0, 2, "-", error.symptom.text() + page.labels(Label::colon) + page.labels.message(error));
  }
}

}  // namespace assay::reports
