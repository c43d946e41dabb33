// A table of fixed-width columns. One that is too wide goes on below, its first column repeated.
#pragma once

#include <string>
#include <vector>

namespace assay::reports {

struct TextCell {
  std::string text;
  std::string style;  // an ANSI prefix, or nothing
};

struct TextTable {
  /// Broken into lines after '.' and '_', so that a column is as narrow as its values.
  std::vector<std::string> header;
  std::vector<bool> right_aligned;  // by column; missing: left
  std::vector<std::vector<TextCell>> rows;
};

std::vector<std::string> lines_of(const TextTable& table, std::size_t width);

}  // namespace assay::reports
