// Evidence by place: so many values in rows of so many, as multiprocessors or bits lie; what is not zero
// stands out.
#include <fmt/format.h>

#include <algorithm>

#include "reports/html/page.h"

namespace assay::reports {
namespace {

constexpr std::size_t kMostColumns = 32, kMostValues = 1024;

std::string short_text(double value) {
  if (value == 0) return "·";
  return value < 10000 ? fmt::format("{:.0f}", value) : fmt::format("{:.2g}", value);
}

}  // namespace

bool is_map(const nlohmann::json& content) {
  if (!content.is_object() || !content.contains("columns") || !content.contains("values")) return false;
  const nlohmann::json &columns = content.at("columns"), &values = content.at("values");
  return columns.is_number_unsigned() && columns.get<std::size_t>() >= 1 &&
         columns.get<std::size_t>() <= kMostColumns && values.is_array() && !values.empty() &&
         values.size() <= kMostValues &&
         std::all_of(values.begin(), values.end(), [](const auto& value) { return value.is_number(); });
}

void add_map(HtmlPage& page, const std::string& caption, const nlohmann::json& content) {
  const auto columns = content.at("columns").get<std::size_t>();
  const nlohmann::json& values = content.at("values");
  page.table(caption, "map", [&] {
    std::vector<std::string> headers{""};
    for (std::size_t i = 0; i < columns; ++i) headers.push_back(fmt::format("+{}", i));
    page.column_headers(headers);
    const Element body = page.writer.open("tbody");
    for (std::size_t first = 0; first < values.size(); first += columns) {
      const Element line = page.writer.open("tr");
      page.row_header(std::to_string(first));
      for (std::size_t i = first; i < std::min(first + columns, values.size()); ++i) {
        const auto value = values.at(i).get<double>();
        page.writer.element("td", short_text(value), {{"class", value == 0 ? "quiet" : "outside"}});
      }
    }
  });
}

}  // namespace assay::reports
