#include "harness/config/diagnostics.h"

#include <fmt/format.h>

namespace assay::config {

std::vector<std::string> Diagnostics::lines() const {
  std::vector<std::string> lines;
  for (const Diagnostic& d : list_) {
    lines.push_back(d.line > 0 ? fmt::format("{}:{}:{}: {}", d.file, d.line, d.column, d.message)
                               : fmt::format("{}: {}", d.file, d.message));
  }
  return lines;
}

std::string Diagnostics::text() const {
  std::string text;
  for (const std::string& line : lines()) text += line + "\n";
  return text;
}

}  // namespace assay::config
