// For tests of the journal: a run to write, a file to write it into, and whether what is read back is the
// same.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "harness/record/journal.h"
#include "harness/testing/run_builder.h"
#include "harness/testing/scratch_folder.h"

namespace assay::record {

using namespace assay::builders;
using nlohmann::json;

inline CounterMark a_mark(const std::string& address) {
  return {address, "b7a3", 4711, {{"energy_mj", (1LL << 53) + 1}, {"pcie_replay", 3}}};
}

class JournalTest : public ::testing::Test {
 protected:
  Journal::Now clock() {
    return [this] { return time += 1'500'000'001; };
  }
  std::string content() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  std::vector<json> lines() const {
    std::ifstream file(path);
    std::vector<json> all;
    for (std::string line; std::getline(file, line);) all.push_back(json::parse(line));
    return all;
  }
  RunStart start() const {
    return {run.plan,     run.criteria_hash, run.version,  run.command_line, run.node_name,
            run.hardware, run.software,      run.language, {a_mark("")}};
  }
  void append_text(const std::string& text) const { std::ofstream(path, std::ios::app) << text; }

  Criteria criteria = sample_criteria(2);
  RunRecord run = healthy_run(criteria, 2);
  Nanoseconds time = 1'767'225'600 * kSecond;  // 2026-01-01
  testing_tools::ScratchFolder folder;
  std::string path = folder / "records.jsonl";
};

inline void expect_equal(const Value& a, const Value& b) {
  const auto* x = std::get_if<double>(&a);
  const auto* y = std::get_if<double>(&b);
  if (x != nullptr && y != nullptr && std::isnan(*x) && std::isnan(*y)) return;
  EXPECT_EQ(a, b);
}

inline void expect_equal(const Error& a, const Error& b) {
  EXPECT_EQ(a.symptom, b.symptom);
  EXPECT_EQ(a.message, b.message);
  EXPECT_EQ(a.part, b.part);
  EXPECT_EQ(a.ended, b.ended);
}

inline void expect_equal(const Step& a, const Step& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.check, b.check);
  EXPECT_EQ(a.part, b.part);
  EXPECT_EQ(a.stage, b.stage);
  EXPECT_EQ(a.attempt, b.attempt);
  EXPECT_EQ(a.status, b.status);
  ASSERT_EQ(a.measurements.size(), b.measurements.size());
  for (std::size_t i = 0; i < a.measurements.size(); ++i) {
    EXPECT_EQ(a.measurements[i].name, b.measurements[i].name);
    expect_equal(a.measurements[i].value, b.measurements[i].value);
    EXPECT_EQ(a.measurements[i].unit, b.measurements[i].unit);
    EXPECT_EQ(a.measurements[i].part, b.measurements[i].part);
    EXPECT_EQ(a.measurements[i].source, b.measurements[i].source);
  }
  ASSERT_EQ(a.errors.size(), b.errors.size());
  for (std::size_t i = 0; i < a.errors.size(); ++i) expect_equal(a.errors[i], b.errors[i]);
  ASSERT_EQ(a.evidence.size(), b.evidence.size());
  for (std::size_t i = 0; i < a.evidence.size(); ++i) {
    EXPECT_EQ(a.evidence[i].name, b.evidence[i].name);
    EXPECT_EQ(a.evidence[i].content, b.evidence[i].content);
  }
}

inline void expect_equal(const RunRecord& a, const RunRecord& b) {
  EXPECT_EQ(json(a.plan), json(b.plan));
  EXPECT_EQ(a.plan_hash, b.plan_hash);
  EXPECT_EQ(a.criteria_hash, b.criteria_hash);
  EXPECT_EQ(a.command_line, b.command_line);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.node_name, b.node_name);
  EXPECT_EQ(a.driver_version, b.driver_version);
  ASSERT_EQ(a.hardware.size(), b.hardware.size());
  for (std::size_t i = 0; i < a.hardware.size(); ++i) {
    EXPECT_EQ(a.hardware[i].id, b.hardware[i].id);
    EXPECT_EQ(a.hardware[i].name, b.hardware[i].name);
    EXPECT_EQ(a.hardware[i].serial, b.hardware[i].serial);
    EXPECT_EQ(a.hardware[i].part_number, b.hardware[i].part_number);
    EXPECT_EQ(a.hardware[i].location, b.hardware[i].location);
  }
  ASSERT_EQ(a.software.size(), b.software.size());
  for (std::size_t i = 0; i < a.software.size(); ++i) {
    EXPECT_EQ(a.software[i].id, b.software[i].id);
    EXPECT_EQ(a.software[i].version, b.software[i].version);
  }
  ASSERT_EQ(a.steps.size(), b.steps.size());
  for (std::size_t i = 0; i < a.steps.size(); ++i) expect_equal(a.steps[i], b.steps[i]);
  ASSERT_EQ(a.errors.size(), b.errors.size());
  for (std::size_t i = 0; i < a.errors.size(); ++i) expect_equal(a.errors[i], b.errors[i]);
  EXPECT_EQ(a.marks, b.marks);
  EXPECT_EQ(a.closed, b.closed);
}

/// A run with one of everything that is hard to carry in JSON.
inline void add_oddities(RunRecord& run) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Step& step = run.steps.front();
  const std::vector<Value> values{std::numeric_limits<double>::quiet_NaN(),
                                  infinity,
                                  -infinity,
                                  0.1,
                                  -0.0,
                                  5e-324,
                                  1.7976931348623157e308,
                                  9007199254740993.0,
                                  true,
                                  false};
  for (const Value& value : values) step.measurements.push_back({"odd", value, "GB/s", "gpu1/hbm", "check"});
  for (const char* text : {"NaN", "", "a\nb\"c\\", "\u00e9\u6e29"}) {
    step.measurements.push_back({"odd", std::string(text), "text", "gpu1", "check"});
  }
  for (const char* part :
       {"node", "environment", "harness", "host/nic2", "nvswitch1/port12", "gpu1/nvlink07"}) {
    step.measurements.push_back({"where", 1.0, "1", part, "telemetry"});
  }
  step.evidence.push_back({"histogram", {{"bins", {1, 2, 3}}, {"deep", {{"text", "x"}, {"flag", true}}}}});
  step.errors = {{"harness.worker_crashed", "died", "", "signal 11"},
                 {"device.lost", "Xid 79: gone", "gpu1", ""},
                 {"device.lost", "", "", ""}};
  run.errors = {{"harness.disk_full", "no space: left", "", ""},
                {"device.lost", "gpu1: gone", "gpu1", ""},
                {"harness.x", "gpu0: a message that looks like a part", "", ""},
                {"harness.y", "", "gpu0/hbm", ""}};
}

}  // namespace assay::record
