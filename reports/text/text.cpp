#include "reports/report.h"
#include "reports/text/page.h"

namespace assay::reports {

std::string text(const Input& input, const TextOptions& options) {
  TextPage page(input, options);
  add_text_verdict(page);
  add_text_identity(page);
  add_text_tables(page);
  add_text_findings(page);
  add_text_pairs(page);
  add_text_places(page);
  return page.take();
}

}  // namespace assay::reports
