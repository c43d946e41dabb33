#include "reports/view/matrix.h"

#include "reports/html/page.h"
#include "reports/view/parts.h"

namespace assay::reports {
namespace {

struct Look {
  std::string_view css_class, sign;
};

/// A sign beside the colour: the report is also read in black and white.
Look look_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return {"pass", "✓ "};
    case Outcome::fail:
      return {"outside", "✗ "};
    case Outcome::error:
      return {"broken", "! "};
    case Outcome::undecided:
    case Outcome::not_run:
    case Outcome::open:
      return {"broken", "? "};
    default:
      return {"quiet", ""};
  }
}

}  // namespace

void add_matrix(HtmlPage& page) {
  const Labels& labels = page.labels;
  const Matrix matrix = matrix_of(page.input);
  if (matrix.checks.empty()) return;
  page.section("checks", labels(Label::checks_by_part), [&] {
    page.table(labels(Label::checks_by_part), "matrix", [&] {
      std::vector<std::string> headers{labels(Label::check)};
      for (const Part& part : matrix.parts) headers.push_back(part.path());
      page.column_headers(headers);
      const Element body = page.writer.open("tbody");
      for (const std::string& check : matrix.checks) {
        const Element line = page.writer.open("tr");
        page.row_header(check);
        for (const Part& part : matrix.parts) {
          const Outcome outcome = matrix.at(part, check);
          const Look look = look_of(outcome);
          page.writer.element("td", std::string(look.sign) + name_of(labels, outcome),
                              {{"class", look.css_class}});
        }
      }
    });
  });
}

}  // namespace assay::reports
