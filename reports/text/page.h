// What the sections of the text report share.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "reports/labels.h"
#include "reports/report.h"
#include "reports/text/style.h"
#include "reports/text/table.h"

namespace assay::reports {

inline constexpr std::size_t kTextWidth = 100;

/// Whatever it is given may be data, and is made visible.
class TextPage {
 public:
  TextPage(const Input& report_input, const TextOptions& options)
      : input(report_input), labels(report_input.language), styles(options.colour) {}

  const Input& input;
  const Labels labels;
  const TextStyles styles;

  void line(std::initializer_list<TextCell> pieces = {});
  void table(const TextTable& table);
  /// Wrapped between '#' on both sides.
  void boxed(const std::string& text, const std::string& style = {});
  void heading(const std::string& text);
  /// "label    text", wrapped under itself.
  void field(std::size_t indent, std::size_t label_width, const std::string& label, const std::string& text);
  void paragraph(std::size_t indent, const std::string& text, const std::string& style = {});

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_text_verdict(TextPage& page);
void add_text_identity(TextPage& page);
void add_text_tables(TextPage& page);
void add_text_pairs(TextPage& page);
void add_text_findings(TextPage& page);
void add_text_places(TextPage& page);

}  // namespace assay::reports
