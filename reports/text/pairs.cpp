// What was found between each two GPUs, where any of it is far from the middle of all: the HTML report has
// the rest.
#include <fmt/format.h>

#include <algorithm>

#include "reports/format.h"
#include "reports/text/page.h"
#include "reports/view/pair_tables.h"

namespace assay::reports {
namespace {

/// Of two that are as good as each other, noise is well below it.
constexpr double kWorthShowing = 0.1;

bool is_worth_showing(const PairTable& table) {
  return std::any_of(table.rows.begin(), table.rows.end(), [&](const auto& row) {
    return std::any_of(row.begin(), row.end(),
                       [&](const auto& value) { return value && table.badness(*value) >= kWorthShowing; });
  });
}

}  // namespace

void add_text_pairs(TextPage& page) {
  for (const PairTable& table : pair_tables_of(page.input.run)) {
    if (!is_worth_showing(table)) continue;
    const std::string unit = unit_text(table.unit);
    page.heading(fmt::format("{}{}{} {}{}", page.labels(Label::between_gpus), page.labels(Label::colon),
                             table.check, table.of, unit.empty() ? "" : " (" + unit + ")"));
    TextTable lines;
    lines.header = {page.labels(Label::from_to)};
    lines.header.insert(lines.header.end(), table.parts.begin(), table.parts.end());
    lines.right_aligned.assign(lines.header.size(), true);
    lines.right_aligned.front() = false;
    for (std::size_t from = 0; from < table.parts.size(); ++from) {
      std::vector<TextCell> row{{table.parts[from], ""}};
      for (const auto& value : table.rows[from]) {
        const bool bad = value && table.badness(*value) >= kWorthShowing;
        row.push_back({value ? number(*value) : "-", bad ? page.styles.bad : ""});
      }
      lines.rows.push_back(std::move(row));
    }
    page.table(lines);
  }
}

}  // namespace assay::reports
