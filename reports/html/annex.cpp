// The parts of the node, the steps, the limits, the waivers and the notes.
#include <algorithm>

#include "reports/format.h"
#include "reports/html/page.h"
#include "reports/view/limits.h"
#include "reports/view/pair_tables.h"
#include "reports/view/parts.h"

namespace assay::reports {
namespace {

void add_errors(HtmlPage& page, const std::vector<Error>& errors) {
  for (const Error& error : errors) {
    const Element line = page.writer.open("div");
    page.writer.element("code", error.symptom.text());
    page.writer.text(" " + (error.part.empty() ? "" : error.part.path() + page.labels(Label::colon)) +
                     page.labels.message(error));
  }
}

void add_step_row(HtmlPage& page, const Step& step) {
  const bool broken = step.status == Status::open || step.status == Status::error;
  const Element line = page.writer.open("tr");
  page.row_header(step.id);
  page.writer.element("td", (broken ? "! " : "") + name_of(page.labels, step.status),
                      {{"class", broken ? "broken" : ""}});
  page.writer.element("td", std::to_string(step.attempt));
  page.writer.element("td", time_text(step.started));
  page.writer.element("td", time_text(step.ended));
  const Element errors = page.writer.open("td");
  add_errors(page, step.errors);
}

}  // namespace

void add_inventory(HtmlPage& page) {
  const Labels& labels = page.labels;
  page.section("inventory", labels(Label::inventory), [&] {
    page.table(labels(Label::inventory), "inventory", [&] {
      page.column_headers({labels(Label::part), labels(Label::module_id), labels(Label::location),
                           labels(Label::name), labels(Label::serial), labels(Label::part_number),
                           labels(Label::uuid)});
      const Element body = page.writer.open("tbody");
      for (const PlannedSlot& slot : page.input.run.plan.slots) {
        const std::string module = slot.module_id != 0 ? std::to_string(slot.module_id) : "-";
        if (was_found(slot)) {
          page.row({slot.part.path(), module, slot.pci_address, slot.name, slot.serial,
                    slot.board_part_number, slot.uuid});
          continue;
        }
        const Element line = page.writer.open("tr");
        page.row_header(slot.part.path());
        page.writer.element("td", module);
        page.writer.element("td", "✗ " + labels(Label::not_found), {{"colspan", "5"}, {"class", "outside"}});
      }
      for (const Hardware& part : page.input.run.hardware) {
        if (slot_of(page.input.run.plan, part.id) != nullptr) continue;
        page.row({part.id, "-", part.location, part.name, part.serial, part.part_number, ""});
      }
    });
  });
}

void add_steps(HtmlPage& page) {
  const Labels& labels = page.labels;
  page.section("steps", labels(Label::steps), [&] {
    page.table(labels(Label::steps), "steps", [&] {
      page.column_headers({labels(Label::step), labels(Label::status), labels(Label::attempt),
                           labels(Label::started), labels(Label::ended), labels(Label::errors)});
      const Element body = page.writer.open("tbody");
      for (const Step& step : page.input.run.steps) add_step_row(page, step);
    });
    if (page.input.run.errors.empty()) return;
    page.writer.element("h3", labels(Label::run_errors));
    add_errors(page, page.input.run.errors);
  });
}

void add_raw_evidence(HtmlPage& page) {
  const auto& steps = page.input.run.steps;
  const auto is_shown = [](const Step& step) {  // pairs have a section of their own
    return std::all_of(step.evidence.begin(), step.evidence.end(), is_pairs);
  };
  if (std::all_of(steps.begin(), steps.end(), is_shown)) return;
  page.section("raw-evidence", page.labels(Label::raw_evidence_title), [&] {
    for (const Step& step : steps) {
      for (const Evidence& evidence : step.evidence) {
        if (is_pairs(evidence)) continue;
        page.writer.element("h3", fmt::format("{} ({})", evidence.name, step.id));
        add_json(page, evidence.name, evidence.content);
      }
    }
  });
}

void add_limits(HtmlPage& page) {
  const Labels& labels = page.labels;
  if (page.input.criteria.limits.empty()) return;
  page.section("limits", labels(Label::limits), [&] {
    page.table(labels(Label::limits), "limits", [&] {
      page.column_headers({labels(Label::check), labels(Label::measurement), labels(Label::limit),
                           labels(Label::finding), labels(Label::source), labels(Label::date),
                           labels(Label::reason), labels(Label::peak)});
      const Element body = page.writer.open("tbody");
      for (const Limit& limit : page.input.criteria.limits) {
        page.row({limit.variant.empty() ? limit.check : limit.check + " " + limit.variant,
                  labels.name_of_measurement(limit.measurement), limit_text(labels, limit),
                  limit.finding.text(), page.labels.source(limit.source), limit.date, limit.reason,
                  limit.peak});
      }
    });
  });
}

void add_waivers(HtmlPage& page) {
  const Labels& labels = page.labels;
  page.section("waivers", labels(Label::waivers), [&] {
    if (page.input.criteria.waivers.empty()) return page.writer.element("p", labels(Label::none));
    page.table(labels(Label::waivers), "waivers", [&] {
      page.column_headers({labels(Label::finding), labels(Label::part), labels(Label::serial),
                           labels(Label::reason), labels(Label::waiver_who), labels(Label::waiver_expires)});
      const Element body = page.writer.open("tbody");
      for (const Waiver& waiver : page.input.criteria.waivers) {
        page.row({waiver.finding.text(), waiver.part == "*" ? labels(Label::any) : waiver.part.path(),
                  waiver.serial.empty() ? labels(Label::any) : waiver.serial, waiver.reason, waiver.who,
                  waiver.expires});
      }
    });
  });
}

void add_notes(HtmlPage& page) {
  const Labels& labels = page.labels;
  page.section("notes", labels(Label::notes), [&] {
    if (page.input.judgement.notes.empty()) return page.writer.element("p", labels(Label::none));
    const Element list = page.writer.open("ul");
    for (const Phrase& note : page.input.judgement.notes) page.writer.element("li", page.labels.pick(note));
  });
}

}  // namespace assay::reports
