#include "reports/text/table.h"

#include <algorithm>

#include "harness/base/text.h"
#include "reports/text/width.h"

namespace assay::reports {
namespace {

constexpr std::size_t kGap = 2;

std::vector<std::string> header_lines(const std::string& header) {
  std::vector<std::string> lines{""};
  for (const char c : header) {
    if (c == ' ') {
      lines.emplace_back();
      continue;
    }
    lines.back() += c;
    if (c == '.' || c == '_') lines.emplace_back();
  }
  return lines;
}

struct Column {
  std::vector<std::string> header;
  std::size_t width = 0;
  bool right = false;
};

std::vector<Column> measure_columns(const TextTable& table) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    Column column{header_lines(table.header[i]), 0, i < table.right_aligned.size() && table.right_aligned[i]};
    for (const std::string& line : column.header) column.width = std::max(column.width, display_width(line));
    for (const auto& row : table.rows) column.width = std::max(column.width, display_width(row.at(i).text));
    columns.push_back(std::move(column));
  }
  return columns;
}

std::string aligned(const std::string& text, const Column& column) {
  return column.right ? pad_left(text, column.width) : pad_right(text, column.width);
}

/// Which columns stand side by side: the first, then as many as fit.
std::vector<std::vector<std::size_t>> blocks_of(const std::vector<Column>& columns, std::size_t width) {
  std::vector<std::vector<std::size_t>> blocks;
  std::size_t used = 0;
  for (std::size_t i = 1; i < columns.size(); ++i) {
    if (blocks.empty() || used + kGap + columns[i].width > width) {
      blocks.push_back({0});
      used = columns[0].width;
    }
    blocks.back().push_back(i);
    used += kGap + columns[i].width;
  }
  if (blocks.empty() && !columns.empty()) blocks.push_back({0});
  return blocks;
}

void append_cell(std::string& line, const std::string& text, const std::string& style) {
  if (!line.empty()) line += std::string(kGap, ' ');
  line += styled(text, style);
}

/// Before anything is measured: what is spelt out is wider.
TextTable made_visible(TextTable table) {
  for (std::string& header : table.header) header = visible(header);
  for (auto& row : table.rows) {
    for (TextCell& cell : row) cell.text = visible(cell.text);
  }
  return table;
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::vector<std::string> lines_of(const TextTable& given, std::size_t width) {
  const TextTable table = made_visible(given);
  const std::vector<Column> columns = measure_columns(table);
  std::vector<std::string> lines;
  for (const auto& block : blocks_of(columns, width)) {
    if (!lines.empty()) lines.emplace_back();
    std::size_t header_height = 0;
    for (const std::size_t i : block) header_height = std::max(header_height, columns[i].header.size());
    for (std::size_t h = 0; h < header_height; ++h) {
      std::string line;
      for (const std::size_t i : block) {
        const auto& header = columns[i].header;
        const std::size_t above = header_height - header.size();  // short headers stand at the bottom
        append_cell(line, aligned(h < above ? "" : header[h - above], columns[i]), "");
      }
      lines.push_back(without_trailing_spaces(line));
    }
    std::string rule;
    for (const std::size_t i : block) append_cell(rule, std::string(columns[i].width, '-'), "");
    lines.push_back(rule);
    for (const auto& row : table.rows) {
      std::string line;
      for (const std::size_t i : block) append_cell(line, aligned(row[i].text, columns[i]), row[i].style);
      lines.push_back(without_trailing_spaces(line));
    }
  }
  return lines;
}

}  // namespace assay::reports
