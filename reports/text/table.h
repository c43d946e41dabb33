// A table of fixed-width columns. One that is too wide goes on below, its first column repeated.
#pragma once

#include <string>
#include <vector>

#include "reports/text/style.h"

namespace assay::reports {

struct TextTable {
  /// Broken into lines after '.' and '_', so that a column is as narrow as its values.
  std::vector<std::string> header;
  std::vector<bool> right_aligned;  // by column; missing: left
  std::vector<std::vector<TextCell>> rows;
};

/// Its texts are data and made visible here.
std::vector<std::string> lines_of(const TextTable& given, std::size_t width);

}  // namespace assay::reports
