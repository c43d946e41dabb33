#include "harness/config/diagnostics.h"

#include <fmt/format.h>

namespace assay::config {

std::string Diagnostics::text() const {
  std::string lines;
  for (const Diagnostic& d : list_) {
    lines += d.line > 0 ? fmt::format("{}:{}:{}: {}\n", d.file, d.line, d.column, d.message)
                        : fmt::format("{}: {}\n", d.file, d.message);
  }
  return lines;
}

}  // namespace assay::config
