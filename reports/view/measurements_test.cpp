#include "reports/view/measurements.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reports/testing/sample_run.h"

namespace assay::reports {
namespace {

const MeasurementTable& table_of(const std::vector<MeasurementTable>& tables, const std::string& check) {
  return *std::find_if(tables.begin(), tables.end(), [&](const auto& table) { return table.check == check; });
}

TEST(Measurements, AColumnForEverySlotAlsoForAnEmptyOne) {
  const auto sample = samples::missing_gpu_run();
  const auto tables = measurement_tables(sample.input("en"), Origin::check);
  const MeasurementTable& table = table_of(tables, "memory.bandwidth");
  ASSERT_EQ(table.columns.size(), 8u);
  EXPECT_TRUE(table.executions[0].rows[0].cells[6].missing);
  EXPECT_TRUE(table.executions[0].rows[0].cells[7].missing);
  EXPECT_FALSE(table.executions[0].rows[0].cells[5].missing);
}

TEST(Measurements, MarksValuesOutsideAndMarginal) {
  const auto sample = samples::healthy_run();
  const auto tables = measurement_tables(sample.input("en"), Origin::check);
  EXPECT_EQ(table_of(tables, "memory.bandwidth").executions[0].rows[0].cells[4].mark, Mark::marginal);
  EXPECT_EQ(table_of(tables, "memory.bandwidth").executions[0].rows[0].cells[3].mark, Mark::none);
  EXPECT_EQ(table_of(tables, "inventory.gpus").executions[0].rows[0].cells[7].mark, Mark::outside)
      << "a peer finding";
  EXPECT_EQ(table_of(tables, "inventory.gpus").executions[0].rows[0].cells[6].mark, Mark::none);
}

TEST(Measurements, AConsequenceIsMarkedTooThoughItAccusesNobody) {
  const auto sample = samples::miscompare_run();
  const auto tables = measurement_tables(sample.input("en"), Origin::check);
  EXPECT_EQ(table_of(tables, "memory.bandwidth").executions[0].rows[0].cells[3].mark, Mark::outside);
}

TEST(Measurements, ARetryStandsBesideTheFirstAttempt) {
  const auto sample = samples::crashed_worker_run();
  const auto tables = measurement_tables(sample.input("en"), Origin::check);
  const MeasurementTable& table = table_of(tables, "memory.sweep");
  ASSERT_EQ(table.executions.size(), 2u);
  EXPECT_EQ(table.executions[1].attempt, 2);
  EXPECT_TRUE(table.executions[1].rows[0].cells[5].value.has_value());
  EXPECT_TRUE(table.executions[0].rows[0].cells[5].missing) << "bad_words of gpu5: in no attempt";
}

TEST(Measurements, UnitsThatNobodyExpectsDoNotMakeColumnsWithoutEnd) {
  auto sample = samples::healthy_run();
  Step& step = sample.run.steps.front();
  for (int i = 0; i < 1000; ++i) {
    step.measurements.push_back({"value" + std::to_string(i), 1.0, "1", "unit" + std::to_string(i), "check"});
  }
  const auto tables = measurement_tables(sample.input("en"), Origin::check);
  EXPECT_LT(table_of(tables, step.check).columns.size(), 100u);
  EXPECT_LT(table_of(tables, step.check).executions[0].rows.size(), 200u);
}

TEST(Measurements, TelemetryStandsApart) {
  const auto sample = samples::healthy_run();
  for (const MeasurementTable& table : measurement_tables(sample.input("en"), Origin::check)) {
    for (const Row& row : table.executions[0].rows) EXPECT_NE(row.name, "power_p95");
  }
  EXPECT_EQ(measurement_tables(sample.input("en"), Origin::telemetry).size(), 2u);
}

TEST(Limits, AValueOfAnotherUnitIsNotCompared) {
  const Limit limit{"c", "m", LimitKind::min, 100.0, Unit::gb_per_s};
  EXPECT_EQ(mark_of(limit, 99.0, "GB/s"), Mark::outside);
  EXPECT_EQ(mark_of(limit, 99.0, "s"), Mark::none);
}

TEST(Limits, EvidenceOfPeerLimitsShowsTheBoundThatThePeersGave) {
  const Labels labels("en");
  EvidenceItem item;
  item.unit = "GB/s";
  item.relation = "peer_ratio";
  item.limit = Value(4073.5);
  EXPECT_EQ(limit_text(labels, item), ">= 4073.5 GB/s (from the other GPUs)");
  item.relation = "max";
  EXPECT_EQ(limit_text(labels, item), "<= 4073.5 GB/s");
  item.limit.reset();
  item.relation = "peer_equal";
  EXPECT_EQ(limit_text(labels, item), "equal on all GPUs");
}

TEST(Limits, NotANumberIsOutsideEveryLimit) {
  for (const LimitKind kind : {LimitKind::min, LimitKind::max, LimitKind::equal}) {
    const Limit limit{"c", "m", kind, 100.0, Unit::count};
    EXPECT_EQ(mark_of(limit, std::nan(""), "1"), Mark::outside);
  }
}

TEST(Measurements, WhatTheNodeAloneOwesIsNotMissingOnItsGpus) {
  auto sample = samples::healthy_run();
  for (RequiredCheck& required : sample.criteria.required) {
    if (required.check == "inventory.gpus")
      required.measures.push_back({"unexpected_gpus", Unit::count, "", true, {"node"}});
  }
  for (const MeasurementTable& table : measurement_tables(sample.input("en"), Origin::check)) {
    for (const Execution& execution : table.executions) {
      for (const Row& row : execution.rows) EXPECT_NE(row.name, "unexpected_gpus");
    }
  }
}

TEST(Measurements, OfARateThereIsAlsoWhatAWattGives) {
  samples::SampleRun sample = samples::healthy_run();
  Step step;
  step.check = "compute.gemm";
  step.part = "node";
  step.status = Status::complete;
  step.measurements = {{"rate", 630.0, "TFLOP/s", "gpu1", "check"},
                       {"rate", 600.0, "TFLOP/s", "gpu2", "check"},
                       {"power_median", 700.0, "W", "gpu1", "telemetry"},
                       {"power_median", 0.0, "W", "gpu2", "telemetry"}};
  sample.run.steps = {step};
  const auto tables = measurement_tables(sample.input("en"), Origin::check);
  ASSERT_EQ(tables.size(), 1u);
  const auto& rows = tables[0].executions.at(0).rows;
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].name, "rate_per_watt");
  EXPECT_EQ(rows[1].unit, "GFLOP/s/W");
  EXPECT_EQ(rows[1].cells.at(1).value, Value(900.0));
  EXPECT_FALSE(rows[1].cells.at(2).value.has_value()) << "it draws something, or nobody knows";
}

}  // namespace
}  // namespace assay::reports
