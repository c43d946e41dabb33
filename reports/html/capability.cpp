// The capability statement.
#include "reports/view/capability.h"

#include "reports/format.h"
#include "reports/html/page.h"

namespace assay::reports {

void add_capability(HtmlPage& page) {
  const auto capability = capability_of(page.input);
  if (!capability) return;
  const Labels& labels = page.labels;
  page.section("capability", labels(Label::capability), [&] {
    page.table(labels(Label::capability), "capability", [&] {
      page.column_headers({labels(Label::capability_of), labels(Label::capability_least),
                           labels(Label::capability_most), labels(Label::unit)});
      const Element body = page.writer.open("tbody");
      for (const CapabilityRow& row : capability->rows)
        page.row({row.what, value_text(row.least), value_text(row.most), row.unit});
    });
    if (capability->figures) {
      const ProductFigures& figures = *capability->figures;
      page.writer.element(
          "p", labels(Label::capability_figures, figures.name, figures.dense_tops, figures.bits,
                      figures.total_processing_performance(), figures.dram_gb_per_s, figures.source));
    }
    page.writer.element("p", labels(Label::capability_sentence));
  });
}

}  // namespace assay::reports
