// The verdict and what was tested.
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>

#include "reports/format.h"
#include "reports/text/page.h"
#include "reports/text/width.h"
#include "reports/view/parts.h"

namespace assay::reports {
namespace {

const std::string& style_of(const TextPage& page) {
  switch (page.input.judgement.verdict) {
    case Verdict::accept:
      return page.styles.good;
    case Verdict::reject:
      return page.styles.bad;
    case Verdict::inconclusive:
      break;
  }
  return page.styles.caution;
}

}  // namespace

void add_text_verdict(TextPage& page) {
  const Labels& labels = page.labels;
  const bool simulated = is_simulated(page.input);
  const std::string frame(kTextWidth, '#');
  if (simulated) {
    page.line({{labels(Label::simulated) + labels(Label::colon) + labels(Label::simulated_sentence),
                page.styles.caution}});
  }
  page.line({{frame, ""}});
  page.boxed("");
  const std::vector<std::string> words = qualifications(page.input, labels);
  std::string title =
      labels(Label::verdict) + labels(Label::colon) + headline_in(labels, page.input.judgement);
  for (const std::string& word : words) title += "   [" + word + "]";
  page.boxed(title, style_of(page));
  page.boxed("");
  page.boxed(meaning_of(labels, page.input.judgement));
  if (simulated) page.boxed(labels(Label::simulated_sentence));
  if (const std::string why = functional_only(page.input, labels); !why.empty()) page.boxed(why);
  page.boxed("");
  page.line({{frame, ""}});
  if (!page.input.run.closed) page.paragraph(0, labels(Label::unfinished), page.styles.caution);
  if (page.input.run.torn) page.paragraph(0, labels(Label::torn), page.styles.caution);
  for (const Phrase& note : page.input.judgement.notes) page.field(0, 2, "-", labels.pick(note));
}

void add_text_identity(TextPage& page) {
  const RunRecord& run = page.input.run;
  const Labels& labels = page.labels;
  std::vector<std::pair<std::string, std::string>> fields{
      {labels(Label::node), fmt::format("{} ({})", run.node_name, run.plan.node)},
      {labels(Label::sku), run.plan.sku},
      {labels(Label::profile), run.plan.profile},
      {labels(Label::started), time_text(run.started)},
      {labels(Label::ended), time_text(run.ended)},
      {labels(Label::driver), run.driver_version},
      {labels(Label::version), run.version},
      {labels(Label::plan_hash), short_hash(run.plan_hash)},
      {labels(Label::criteria_hash), short_hash(page.input.judgement.criteria_hash)},
  };
  if (!run.plan.faults.empty()) {
    std::vector<std::string> faults;
    for (const PlantedFault& fault : run.plan.faults)
      faults.push_back(fmt::format("{} ({})", fault.name, fault.part));
    fields.emplace_back(labels(Label::planted_faults), fmt::format("{}", fmt::join(faults, ", ")));
  }
  std::size_t width = 0;
  for (const auto& [label, value] : fields) width = std::max(width, display_width(label) + 2);
  page.line();
  for (const auto& [label, value] : fields) page.field(0, width, label, value);
}

void add_text_places(TextPage& page) {
  if (page.input.run_folder.empty()) return;
  const Labels& labels = page.labels;
  const std::size_t width =
      std::max(display_width(labels(Label::run_folder)), display_width(labels(Label::report_file))) + 2;
  const std::string separator = page.input.run_folder.back() == '/' ? "" : "/";
  page.line();
  page.field(0, width, labels(Label::run_folder), page.input.run_folder);
  page.field(0, width, labels(Label::report_file), page.input.run_folder + separator + "report.html");
}

}  // namespace assay::reports
