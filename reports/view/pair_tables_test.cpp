#include "reports/view/pair_tables.h"

#include <gtest/gtest.h>

#include "reports/testing/sample_run.h"
#include "reports/view/measurements.h"

namespace assay::reports {
namespace {

using nlohmann::json;

json pairs(double slow, const char* better) {
  return json::array(
      {{{"of", "copies"},
        {"unit", "GB/s"},
        {"better", better},
        {"parts", {"gpu0", "gpu1", "gpu2"}},
        {"rows", {{nullptr, 400.0, 400.0}, {400.0, nullptr, 400.0}, {slow, 400.0, nullptr}}}}});
}

TEST(PairTables, AreAsGoodAsTheMiddleOrWorse) {
  RunRecord run;
  run.steps.resize(1);
  run.steps[0].check = "nvlink.p2p";
  run.steps[0].evidence = {{"pairs", pairs(300, "more")}};
  const auto tables = pair_tables_of(run);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].check, "nvlink.p2p");
  EXPECT_EQ(tables[0].middle, 400);
  EXPECT_FALSE(tables[0].rows[1][1].has_value());
  EXPECT_DOUBLE_EQ(tables[0].badness(300), 0.5);
  EXPECT_EQ(tables[0].badness(500), 0);
  EXPECT_EQ(tables[0].badness(0), 1);
}

TEST(PairTables, WhereLessIsBetterMoreIsWorse) {
  RunRecord run;
  run.steps.resize(1);
  run.steps[0].evidence = {{"pairs", pairs(600, "less")}};
  const auto tables = pair_tables_of(run);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_NEAR(tables[0].badness(600), 2.0 / 3, 1e-9);
  EXPECT_EQ(tables[0].badness(100), 0);
}

TEST(PairTables, WhatHasAnotherShapeIsNone) {
  for (const char* path :
       {"/0/of", "/0/rows", "/0/parts", "/0/unit", "/0/rows/1", "/0/rows/1/0", "/0/parts/0"}) {
    for (const json& odd : {json(7), json("text"), json::array(), json::object(), json()}) {
      json content = pairs(300, "more");
      const json::json_pointer at(path);
      if (content.at(at).type() == odd.type()) continue;
      const bool is_cell = std::string(path) == "/0/rows/1/0";
      if (is_cell && (odd.is_number() || odd.is_null())) continue;  // a value, or none
      content.at(at) = odd;
      RunRecord run;
      run.steps.resize(1);
      run.steps[0].evidence = {{"pairs", content}};
      EXPECT_TRUE(pair_tables_of(run).empty()) << content;
    }
  }
}

TEST(PairTables, OnlyPairsOfWhichSomethingIsToBeSaidAreMeasurementsBesideThem) {
  samples::SampleRun sample = samples::healthy_run();
  Step step;
  step.id = "sim-09-nvlink.p2p-node";
  step.check = "nvlink.p2p";
  step.part = "node";
  step.status = Status::complete;
  for (const char* pair : {"gpu0-gpu1", "gpu0-gpu2", "gpu1-gpu2"})
    step.measurements.push_back({"copies", 400.0, "GB/s", pair, "check"});
  step.measurements[1].value = 100.0;
  sample.run.steps = {step};
  Limit limit;
  limit.check = "nvlink.p2p";
  limit.measurement = "copies";
  limit.bound = 335.0;
  limit.unit = Unit::gb_per_s;
  limit.finding = "nvlink.slow_pair";
  sample.criteria.limits = {limit};
  const auto columns = [&] { return measurement_tables(sample.input("en"), Origin::check).at(0).columns; };
  EXPECT_EQ(columns().size(), 3u);
  sample.run.steps[0].evidence = {{"pairs", pairs(300, "more")}};
  EXPECT_EQ(columns(), std::vector<Part>{"gpu0-gpu2"});
}

}  // namespace
}  // namespace assay::reports
