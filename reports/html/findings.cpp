// What to do now: one card a finding.
#include <algorithm>
#include <set>

#include "reports/format.h"
#include "reports/html/page.h"
#include "reports/view/limits.h"
#include "reports/view/parts.h"

namespace assay::reports {
namespace {

std::string css_of(Severity severity) {
  switch (severity) {
    case Severity::fail:
      return "card fail";
    case Severity::inconclusive:
      return "card inconclusive";
    case Severity::marginal:
      return "card marginal";
    case Severity::waived:
      return "card waived";
  }
  return "card";
}

void add_place(HtmlPage& page, const Finding& finding) {
  const Labels& labels = page.labels;
  const PlannedSlot* slot = slot_of(page.input.run.plan, finding.part);
  const Element list = page.writer.open("dl", {{"class", "fields"}});
  const auto add = [&](Label label, const std::string& value) {
    if (value.empty()) return;
    const Element pair = page.writer.open("div");
    page.writer.element("dt", labels(label));
    page.writer.element("dd", value);
  };
  add(Label::part, finding.part.path());
  add(Label::serial, finding.serial);
  add(Label::slot, finding.slot);
  if (slot != nullptr) {
    add(Label::pci_address, slot->pci_address);
  }
  add(Label::check, finding.check);
  add(Label::action, actions_text(labels, finding.part, finding.actions));
}

void add_evidence(HtmlPage& page, const Finding& finding) {
  const Labels& labels = page.labels;
  if (finding.evidence.empty()) return;
  page.table(labels(Label::evidence), "evidence", [&] {
    page.column_headers({labels(Label::step), labels(Label::part), labels(Label::measurement),
                         labels(Label::value), labels(Label::limit), labels(Label::source)});
    const Element body = page.writer.open("tbody");
    for (const EvidenceItem& item : finding.evidence) {
      const Element line = page.writer.open("tr");
      page.row_header(item.step);
      page.writer.element("td", (item.part.empty() ? finding.part : item.part).path());
      if (item.measurement.empty()) {
        page.writer.element("td", labels.pick(item.detail), {{"colspan", "4"}});
        continue;
      }
      std::string value = item.value ? with_unit(value_text_apart(*item.value, item.limit), item.unit)
                                     : labels(Label::mark_missing);
      if (!item.detail.empty()) value += labels(Label::list_comma) + labels.pick(item.detail);
      page.writer.element("td", labels.name_of_measurement(item.measurement));
      page.writer.element("td", value, {{"class", "strong"}});
      page.writer.element("td", limit_text(labels, item));
      page.writer.element("td", labels.source(item.source));
    }
  });
}

void add_consequences(HtmlPage& page, const Finding& finding) {
  if (finding.consequences.empty()) return;
  const Labels& labels = page.labels;
  const Element box = page.writer.open("div", {{"class", "consequences"}});
  page.writer.element(
      "p", labels(Label::consequences) + labels(Label::colon) + labels(Label::consequences_none_accused));
  const Element list = page.writer.open("ul");
  for (const Consequence& consequence : finding.consequences) {
    std::string text = fmt::format("{} ({}, {})", consequence.part, consequence.check, consequence.code);
    if (!consequence.detail.empty()) text += labels(Label::colon) + labels.pick(consequence.detail);
    page.writer.element("li", text);
  }
}

std::set<std::string> steps_cited_by(const Finding& finding) {
  std::set<std::string> steps;
  for (const EvidenceItem& item : finding.evidence) steps.insert(item.step);
  return steps;
}

/// Where it stands: dozens of rows here would hide what there is to do.
void add_raw_evidence_note(HtmlPage& page, const Finding& finding) {
  const std::set<std::string> cited = steps_cited_by(finding);
  const auto& steps = page.input.run.steps;
  const bool any = std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    return !step.evidence.empty() && cited.count(step.id) != 0;
  });
  if (any) page.writer.element("p", page.labels(Label::raw_evidence_below));
}

void add_card(HtmlPage& page, const NumberedFinding& numbered) {
  Writer& w = page.writer;
  const Finding& finding = *numbered.finding;
  const std::string id = fmt::format("finding-{}", numbered.number);
  const Element card = w.open("article", {{"class", css_of(finding.severity)}, {"id", id}});
  {
    const Element heading = w.open("h3");
    w.text(fmt::format("{}. {} ", numbered.number, finding.part));
    w.element("code", finding.code.text());
    w.text(" ");
    w.element("span", name_of(page.labels, finding.severity), {{"class", "tag"}});
  }
  w.element("p", page.labels.pick(finding.summary), {{"class", "summary"}});
  {
    const Element next = w.open("p", {{"class", "next"}});
    w.element("strong", page.labels(Label::next_step) + page.labels(Label::colon));
    w.text(page.labels.pick(finding.next_step));
  }
  add_place(page, finding);
  add_evidence(page, finding);
  add_consequences(page, finding);
  add_raw_evidence_note(page, finding);
}

/// What is said of every GPU alike: one card, with theirs folded away inside.
void add_shared(HtmlPage& page, const FindingGroup& group) {
  const Finding& first = *group.members.front().finding;
  const Element box = page.writer.open("article", {{"class", css_of(first.severity)}});
  {
    const Element heading = page.writer.open("h3");
    page.writer.text(fmt::format("{}. ", group.members.front().number) +
                     fmt::format(fmt::runtime(page.labels(Label::all_gpus)), group.gpus) + " ");
    page.writer.element("code", first.code.text());
    page.writer.text(" ");
    page.writer.element("span", name_of(page.labels, first.severity), {{"class", "tag"}});
  }
  const bool shared = hangs_on_what_they_share(group);
  page.writer.element("p",
                      page.labels(shared ? Label::same_on_all_gpus : Label::alike_on_all_gpus, group.gpus),
                      {{"class", "next"}});
  {
    const Element list = page.writer.open("ul");
    for (const NumberedFinding& member : group.members)
      page.writer.element("li", page.labels.pick(member.finding->summary));
  }
  page.writer.element(
      "p", page.labels(Label::next_step) + page.labels(Label::colon) +
               (shared ? page.labels(Label::next_step_of_all_gpus) : page.labels.pick(first.next_step)));
  page.writer.element(
      "p", page.labels(Label::action) + page.labels(Label::colon) +
               actions_text(page.labels, group.members.front().finding->part, actions_of_shared(group)));
  const Element each = page.writer.open("details");
  page.writer.element("summary", page.labels(Label::each_in_full));
  for (const NumberedFinding& member : group.members) add_card(page, member);
}

void add_group(HtmlPage& page, std::string_view id, Label title,
               const std::vector<NumberedFinding>& findings) {
  if (findings.empty()) return;
  const std::vector<FindingGroup> groups = grouped(page.input, findings);
  page.section(id, fmt::format("{} ({})", page.labels(title), groups.size()), [&] {
    for (const FindingGroup& group : groups) {
      if (group.members.size() == 1)
        add_card(page, group.members.front());
      else
        add_shared(page, group);
    }
  });
}

}  // namespace

void add_findings(HtmlPage& page) {
  const Judgement& judgement = page.input.judgement;
  const auto urgent = findings_to_act_on(judgement);
  if (urgent.empty()) {
    const bool accepted = judgement.verdict == Verdict::accept;
    page.section("what-to-do", page.labels(Label::what_to_do), [&] {
      page.writer.element("p", page.labels(accepted ? Label::nothing_to_do : Label::see_notes));
    });
  }
  add_group(page, "what-to-do", Label::what_to_do, urgent);
  add_group(page, "marginal", Label::marginal_findings, findings_of(judgement, Severity::marginal));
  add_group(page, "waived", Label::waived_findings, findings_of(judgement, Severity::waived));
}

}  // namespace assay::reports
