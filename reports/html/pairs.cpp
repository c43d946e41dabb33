// What was found between each two GPUs: a heat map, and the same as a table. Light is as the middle of all,
// dark is worse; the map's cells carry their numbers, so that the report reads in black and white, too.
#include <fmt/format.h>

#include <cmath>

#include "reports/format.h"
#include "reports/html/page.h"
#include "reports/view/pair_tables.h"

namespace assay::reports {
namespace {

constexpr int kCell = 46, kRow = 24, kLeft = 58, kTop = 24;

std::string caption_of(const PairTable& table) {
  const std::string unit = unit_text(table.unit);
  return fmt::format("{}: {}{}", table.check, table.of, unit.empty() ? "" : " (" + unit + ")");
}

/// From a pale blue to a dark red, which all can tell apart.
std::string colour_of(double badness) {
  constexpr int kGood[] = {222, 235, 247}, kBad[] = {165, 15, 21};
  const auto mix = [&](int i) {
    return static_cast<int>(std::lround(kGood[i] + (kBad[i] - kGood[i]) * badness));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", mix(0), mix(1), mix(2));
}

void add_text(HtmlPage& page, int x, int y, const std::string& text, std::string_view anchor,
              std::string_view colour) {
  page.writer.element("text", text,
                      {{"x", std::to_string(x)},
                       {"y", std::to_string(y)},
                       {"text-anchor", anchor},
                       {"fill", colour},
                       {"font-size", "11"}});
}

void add_cell(HtmlPage& page, const PairTable& table, std::size_t from, std::size_t to) {
  const auto& value = table.rows[from][to];
  if (!value) return;
  constexpr double kLightTextFrom = 0.45;
  const double badness = table.badness(*value);
  const int x = kLeft + static_cast<int>(to) * kCell, y = kTop + static_cast<int>(from) * kRow;
  const Element cell = page.writer.open("g");
  page.writer.element("title", fmt::format("{} - {}: {}", table.parts[from], table.parts[to],
                                           with_unit(number(*value), table.unit)));
  page.writer.element("rect", "",
                      {{"x", std::to_string(x)},
                       {"y", std::to_string(y)},
                       {"width", std::to_string(kCell - 1)},
                       {"height", std::to_string(kRow - 1)},
                       {"fill", colour_of(badness)}});
  add_text(page, x + kCell / 2, y + kRow / 2 + 4, number(std::round(*value * 100) / 100), "middle",
           badness >= kLightTextFrom ? "#ffffff" : "#16202b");
}

void add_heat_map(HtmlPage& page, const PairTable& table) {
  const int count = static_cast<int>(table.parts.size());
  const int width = kLeft + count * kCell, height = kTop + count * kRow;
  const Element svg = page.writer.open("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                                               {"role", "img"},
                                               {"aria-label", caption_of(table)},
                                               {"class", "pairs"},
                                               {"width", std::to_string(width)},
                                               {"height", std::to_string(height)},
                                               {"viewBox", fmt::format("0 0 {} {}", width, height)}});
  for (int i = 0; i < count; ++i) {
    const std::string& part = table.parts[static_cast<std::size_t>(i)];
    add_text(page, kLeft - 6, kTop + i * kRow + kRow / 2 + 4, part, "end", "#16202b");
    add_text(page, kLeft + i * kCell + kCell / 2, kTop - 8, part, "middle", "#16202b");
  }
  for (std::size_t from = 0; from < table.parts.size(); ++from) {
    for (std::size_t to = 0; to < table.parts.size(); ++to) add_cell(page, table, from, to);
  }
}

void add_pair_table(HtmlPage& page, const PairTable& table) {
  page.table(caption_of(table), "measurements", [&] {
    std::vector<std::string> headers{page.labels(Label::from_to)};
    headers.insert(headers.end(), table.parts.begin(), table.parts.end());
    page.column_headers(headers);
    const Element body = page.writer.open("tbody");
    for (std::size_t from = 0; from < table.parts.size(); ++from) {
      const Element line = page.writer.open("tr");
      page.row_header(table.parts[from]);
      for (const auto& value : table.rows[from]) page.writer.element("td", value ? number(*value) : "-");
    }
  });
}

}  // namespace

void add_pairs(HtmlPage& page) {
  const std::vector<PairTable> tables = pair_tables_of(page.input.run);
  if (tables.empty()) return;
  page.section("pairs", page.labels(Label::between_gpus), [&] {
    page.writer.element("p", page.labels(Label::between_gpus_legend), {{"class", "legend"}});
    {
      const Element maps = page.writer.open("div", {{"class", "pair-maps"}});
      for (const PairTable& table : tables) {
        const Element figure = page.writer.open("figure");
        page.writer.element("figcaption", caption_of(table));
        add_heat_map(page, table);
      }
    }
    const Element details = page.writer.open("details");
    page.writer.element("summary", page.labels(Label::between_gpus_as_tables));
    for (const PairTable& table : tables) add_pair_table(page, table);
  });
}

}  // namespace assay::reports
