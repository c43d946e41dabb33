// What the sections of the HTML report share, and the sections themselves in their order.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/html/writer.h"
#include "reports/labels.h"
#include "reports/report.h"

namespace assay::reports {

using html_writer::Element;
using html_writer::Writer;

struct HtmlPage {
  explicit HtmlPage(const Input& report_input) : input(report_input), labels(report_input.language) {}

  const Input& input;
  const Labels labels;
  Writer writer;

  void section(std::string_view id, const std::string& heading, const std::function<void()>& content);
  void column_headers(const std::vector<std::string>& headers);
  /// <th scope="row">, with places to break a long name.
  void row_header(const std::string& name);
  /// Text that may break after '_', '.' and '/', where a name is longer than its column.
  void name(const std::string& text);
  void row(const std::vector<std::string>& cells);
  /// A table in a box that scrolls sideways on a narrow screen, and is announced by its caption.
  void table(const std::string& caption, std::string_view css_class, const std::function<void()>& content);
};

void add_simulated_band(HtmlPage& page);
void add_banner(HtmlPage& page);
void add_identity(HtmlPage& page);
void add_findings(HtmlPage& page);
void add_matrix(HtmlPage& page);
void add_pairs(HtmlPage& page);
void add_measurements(HtmlPage& page);
void add_telemetry(HtmlPage& page);
void add_capability(HtmlPage& page);
void add_inventory(HtmlPage& page);
void add_steps(HtmlPage& page);
void add_limits(HtmlPage& page);
void add_raw_evidence(HtmlPage& page);
void add_waivers(HtmlPage& page);
void add_notes(HtmlPage& page);
void add_provenance(HtmlPage& page);

/// Evidence by place: an object of `columns` and `values`, such as {"columns": 12, "values": [0, 0, 3, ...]}.
bool is_map(const nlohmann::json& content);
void add_map(HtmlPage& page, const std::string& caption, const nlohmann::json& content);

/// Evidence of any shape: maps as they lie, lists of objects as tables, objects as pairs.
void add_json(HtmlPage& page, const std::string& caption, const nlohmann::json& content);

/// In style.cpp.
extern const char* const kStyleSheet;

}  // namespace assay::reports
