// The band of a simulated run, the verdict, and what was tested.
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "reports/format.h"
#include "reports/html/page.h"
#include "reports/view/parts.h"

namespace assay::reports {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

void add_fields(HtmlPage& page, const Fields& fields, std::string_view css_class) {
  const Element list = page.writer.open("dl", {{"class", css_class}});
  for (const auto& [label, value] : fields) {
    if (value.empty()) continue;
    const Element pair = page.writer.open("div");
    page.writer.element("dt", label);
    page.writer.element("dd", value);
  }
}

std::string faults_text(const Plan& plan) {
  std::vector<std::string> faults;
  for (const PlantedFault& fault : plan.faults) {
    faults.push_back(
        fmt::format("{} ({}, {}, {})", fault.name, fault.kind, fault.part, json_text(fault.parameters)));
  }
  return fmt::format("{}", fmt::join(faults, "; "));
}

}  // namespace

void add_simulated_band(HtmlPage& page) {
  const std::string sentence =
      page.labels(Label::simulated) + page.labels(Label::colon) + page.labels(Label::simulated_sentence);
  page.writer.element("div", sentence, {{"class", "band"}, {"role", "note"}});
}

void add_banner(HtmlPage& page) {
  Writer& w = page.writer;
  const Judgement& judgement = page.input.judgement;
  const Element header = w.open("header");
  w.element("h1", page.labels(Label::title));
  const std::string css_class = "verdict " + std::string(name_of(judgement.verdict));
  const Element box = w.open("div", {{"class", css_class}});
  {
    const Element line = w.open("p", {{"class", "headline"}});
    w.element("span", page.labels(Label::verdict) + " ", {{"class", "word"}});
    w.element("strong", headline_in(page.labels, judgement));
    for (const std::string& word : qualifications(page.input, page.labels)) {
      w.text(" ");
      w.element("span", word, {{"class", "tag"}});
    }
  }
  w.element("p", meaning_of(page.labels, judgement));
  const bool simulated = is_simulated(page.input);
  if (simulated) w.element("p", page.labels(Label::simulated_sentence), {{"class", "caution"}});
  if (const std::string why = functional_only(page.input, page.labels); !why.empty())
    w.element("p", why, {{"class", "caution"}});
  if (!page.input.run.closed) w.element("p", page.labels(Label::unfinished), {{"class", "caution"}});
  if (page.input.run.torn) w.element("p", page.labels(Label::torn), {{"class", "caution"}});
}

void add_identity(HtmlPage& page) {
  const RunRecord& run = page.input.run;
  const Labels& labels = page.labels;
  page.section("identity", labels(Label::identity), [&] {
    add_fields(page,
               {{labels(Label::node), run.node_name},
                {labels(Label::sku), run.plan.sku},
                {labels(Label::profile), run.plan.profile},
                {labels(Label::driver), run.driver_version},
                {labels(Label::started), time_text(run.started)},
                {labels(Label::ended), time_text(run.ended)},
                {labels(Label::plan_hash), short_hash(run.plan_hash)},
                {labels(Label::criteria_hash), short_hash(page.input.judgement.criteria_hash)}},
               "fields");
  });
}

void add_provenance(HtmlPage& page) {
  const RunRecord& run = page.input.run;
  const Labels& labels = page.labels;
  page.section("provenance", labels(Label::provenance), [&] {
    add_fields(page,
               {{labels(Label::command_line), run.command_line},
                {labels(Label::node), run.plan.node},
                {labels(Label::seed), std::to_string(run.plan.seed)},
                {labels(Label::planted_faults), faults_text(run.plan)},
                {labels(Label::version), run.version},
                {labels(Label::plan_hash), run.plan_hash},
                {labels(Label::criteria_hash), page.input.judgement.criteria_hash},
                {labels(Label::run_folder), page.input.run_folder}},
               "fields wide");
  });
}

}  // namespace assay::reports
