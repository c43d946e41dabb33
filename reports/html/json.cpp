#include <algorithm>

#include "reports/format.h"
#include "reports/html/page.h"

namespace assay::reports {
namespace {

using nlohmann::json;

bool is_table(const json& content) {
  return content.is_array() && !content.empty() &&
         std::all_of(content.begin(), content.end(), [](const json& item) {
           return item.is_object() &&
                  std::none_of(item.begin(), item.end(), [](const json& v) { return v.is_structured(); });
         });
}

std::string scalar_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return number(value.get<double>());
  return json_text(value);
}

std::vector<std::string> keys_of(const json& rows) {
  std::vector<std::string> keys;
  for (const json& row : rows) {
    for (const auto& item : row.items()) {
      if (std::find(keys.begin(), keys.end(), item.key()) == keys.end()) keys.push_back(item.key());
    }
  }
  return keys;
}

void add_table(HtmlPage& page, const std::string& caption, const json& rows) {
  const std::vector<std::string> keys = keys_of(rows);
  page.table(caption, "raw", [&] {
    page.column_headers(keys);
    const Element body = page.writer.open("tbody");
    for (const json& row : rows) {
      const Element line = page.writer.open("tr");
      for (const std::string& key : keys)
        page.writer.element("td", row.contains(key) ? scalar_text(row.at(key)) : "");
    }
  });
}

}  // namespace

void add_json(HtmlPage& page, const std::string& caption, const json& content) {
  const bool flat =
      content.is_object() &&
      std::none_of(content.begin(), content.end(), [](const json& value) { return value.is_structured(); });
  if (is_map(content)) {
    add_map(page, caption, content);
  } else if (is_table(content)) {
    add_table(page, caption, content);
  } else if (flat && !content.empty()) {  // a histogram: its caption says of what
    std::string pairs;
    for (const auto& item : content.items()) {
      pairs += (pairs.empty() ? "" : ", ") + item.key() + ": " + scalar_text(item.value());
    }
    page.writer.element("p", caption + " {" + pairs + "}");
  } else if (content.is_object()) {
    for (const auto& item : content.items()) add_json(page, item.key(), item.value());
  } else if (content.is_array()) {
    page.writer.element("p", caption + ": " + json_text(content));
  } else {
    page.writer.element("p", caption + ": " + scalar_text(content));
  }
}

}  // namespace assay::reports
