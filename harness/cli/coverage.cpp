#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/registry.h"

namespace assay::cli {
namespace {

using nlohmann::json;

constexpr int kCoverageSchema = 1;
constexpr int kUsualSamples = 16, kMostSamples = 1024;

json table_json(const CoverageTable& table) {
  json rows = json::array();
  for (const CoverageTable::Row& row : table.rows)
    rows.push_back({{"fault", row.fault}, {"shares", row.shares}});
  return {{"title", table.title}, {"columns", table.columns}, {"rows", rows}};
}

json coverage_json(const Coverage& coverage) {
  json tables = json::array();
  for (const CoverageTable& table : coverage.tables) tables.push_back(table_json(table));
  return {{"check", coverage.check}, {"tables", tables}, {"not_covered", coverage.not_covered}};
}

void print(const CoverageTable& table) {
  constexpr int kFaultWidth = 34, kLeastWidth = 8;
  terminal::out("\n{}\n\n{:<{}}", table.title, "", kFaultWidth);
  for (const std::string& column : table.columns) terminal::out("  {:>{}}", column, kLeastWidth);
  terminal::out("\n");
  for (const CoverageTable::Row& row : table.rows) {
    terminal::out("{:<{}}", row.fault, kFaultWidth);
    for (std::size_t i = 0; i < row.shares.size(); ++i) {
      const int width = std::max(kLeastWidth, static_cast<int>(table.columns[i].size()));
      const double share = row.shares[i];
      terminal::out("  {:>{}}", std::isnan(share) ? "-" : fmt::format("{:.1f} %", 100 * share), width);
    }
    terminal::out("\n");
  }
}

void print(const Coverage& coverage) {
  terminal::out("{}\n", coverage.check);
  for (const CoverageTable& table : coverage.tables) print(table);
  terminal::out("\nnot covered\n");
  for (const std::string& what : coverage.not_covered) terminal::out("  - {}\n", what);
}

int coverage_action(int samples, bool as_json) {
  json all = json::array();
  for (const ComputeCoverage compute : all_coverages()) {
    const Coverage coverage = compute(samples);
    if (as_json) {
      all.push_back(coverage_json(coverage));
    } else {
      print(coverage);
    }
  }
  if (as_json) terminal::out_json({{"schema", kCoverageSchema}, {"samples", samples}, {"coverage", all}});
  return Exit::accept;
}

}  // namespace

void add_coverage(CLI::App& app, Action& action) {
  auto samples = std::make_shared<int>(kUsualSamples);
  auto as_json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("coverage",
                                      "What the checks detect, worked out by fault models, and what NCCL's "
                                      "do of all there is: takes seconds");
  verb->add_option("--samples", *samples, "Faults of each kind are 8 or 16 times as many; 128 takes minutes")
      ->check(CLI::Range(1, kMostSamples))
      ->capture_default_str();
  verb->add_flag("--json", *as_json, "As JSON");
  verb->callback([&action, samples, as_json] {
    action = [samples, as_json] { return coverage_action(*samples, *as_json); };
  });
}

}  // namespace assay::cli
