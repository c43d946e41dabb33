#include "reports/html/page.h"
#include "reports/report.h"
#include "reports/view/parts.h"

namespace assay::reports {
namespace {

void add_head(HtmlPage& page) {
  Writer& w = page.writer;
  const Element head = w.open("head");
  w.void_element("meta", {{"charset", "utf-8"}});
  w.void_element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  w.void_element("meta", {{"name", "color-scheme"}, {"content", "light"}});
  // The file is opened from disks and mails: nothing in it may load or run anything, whatever a string
  // smuggles in.
  w.void_element("meta", {{"http-equiv", "Content-Security-Policy"},
                          {"content", "default-src 'none'; style-src 'unsafe-inline'"}});
  w.element("title", headline_in(page.labels, page.input.judgement) + " - " + page.input.run.node_name +
                         " - " + page.labels(Label::title));
  w.style(kStyleSheet);
}

}  // namespace

std::string html(const Input& input) {
  HtmlPage page(input);
  {
    const bool simulated = is_simulated(input);
    const Element root = page.writer.open("html", {{"lang", page.labels.html_language()}});
    add_head(page);
    const Element body = page.writer.open("body", {{"class", simulated ? "simulated" : ""}});
    if (simulated) add_simulated_band(page);
    const Element main = page.writer.open("main");
    add_banner(page);
    add_identity(page);
    add_findings(page);
    add_matrix(page);
    add_pairs(page);
    add_measurements(page);
    add_telemetry(page);
    add_capability(page);
    add_inventory(page);
    add_steps(page);
    add_limits(page);
    add_waivers(page);
    add_notes(page);
    add_provenance(page);
    add_raw_evidence(page);
  }
  return page.writer.take() + "\n";
}

}  // namespace assay::reports
