// However often a run was killed, and wherever: what it concludes is what it would have concluded unkilled.
// At the edge of every limit, where the smallest change of a value shows.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <regex>
#include <set>

#include "harness/model/attempts.h"
#include "harness/record/reader.h"
#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;

constexpr int kRunsKilled = 2;  // of each case: once the one, twice the other

/// What a limit is set to: the value that the unkilled run measured, so that it just holds, or the next one,
/// so that it just fails.
enum class Edge { shipped, holds, fails };

struct Case {
  std::string name;
  std::vector<std::string> faults;
  std::string check, measurement;  // whose limit is moved
  Edge edge = Edge::shipped;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

std::vector<Case> cases() {
  std::vector<Case> all{
      {"healthy", {}},
      {"xid_before_the_run", {"xid-before"}},
      {"bandwidth_just_below", {"slow-hbm:factor=0.9331"}},
      {"bandwidth_marginal", {"slow-hbm:factor=0.935"}},
      {"bandwidth_marginal_by_peers", {"slow-hbm:factor=0.966"}},
      {"bandwidth_just_good_enough", {"slow-hbm:factor=0.9695"}},
      {"two_slow", {"slow-hbm:factor=0.9331", "slow-hbm:factor=0.95,part=gpu2/hbm"}},
      {"coverage_just_short", {"memory-held:memory=6800"}},
      {"coverage_just_enough", {"memory-held:memory=6400"}},
      {"worker_hang", {"worker-hang"}},
      {"gpu_lost", {"gpu-lost"}},
      {"ecc_uncorrected", {"ecc-uncorrected"}},
      {"counter_reset", {"counter-reset"}},
      {"xid_fatal", {"xid-fatal"}},
      {"kernel_exception", {"kernel-exception"}},
      {"worker_crash", {"worker-crash"}},
      {"slow_and_ecc_corrected", {"slow-hbm:factor=0.94", "ecc-corrected"}},
  };
  struct Limited {
    const char *check, *measurement;
    std::vector<std::string> faults;
  };
  const std::vector<Limited> limited{
      {"telemetry", "ecc_corrected_dram_delta", {"ecc-corrected"}},
      {"telemetry", "ecc_corrected_sram_delta", {"sram-errors:uncorrected=0,corrected=3"}},
      {"telemetry", "ecc_uncorrected_sram_delta", {"sram-errors"}},
      {"telemetry", "pcie_replay_delta", {"pcie-replays:replays=7"}},
      {"telemetry", "nvlink_replay_delta", {"nvlink-errors:recoveries=0,replays=2"}},
      {"telemetry", "nvlink_recovery_delta", {"nvlink-errors:recoveries=1,replays=0"}},
      {"telemetry", "xid_count", {"xid"}},
      {"memory.bandwidth", "read_bandwidth", {}},
      {"memory.bandwidth", "write_bandwidth", {}},
      {"memory.bandwidth", "copy_bandwidth", {}},
      {"memory.bandwidth", "triad_bandwidth", {}},
      {"memory.bandwidth", "sustained_copy_bandwidth", {}},
      {"memory.bandwidth", "bad_words", {"data-wire"}},
      {"memory.sweep", "bad_words", {"data-wire"}},
      {"memory.sweep", "coverage", {}},
      {"memory.sweep", "passes", {}},
  };
  for (const Limited& limit : limited) {
    for (const Edge edge : {Edge::holds, Edge::fails}) {
      all.push_back({fmt::format("{}_{}_{}", limit.check, limit.measurement,
                                 edge == Edge::holds ? "just_holds" : "just_fails"),
                     limit.faults, limit.check, limit.measurement, edge});
      std::replace(all.back().name.begin(), all.back().name.end(), '.', '_');
    }
  }
  return all;
}

std::string text_of(const Value& value) {
  return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

/// What must not depend on whether the run was killed.
struct Conclusion {
  std::string verdict;
  std::vector<std::string> findings;            // "fail memory.slow@gpu3/hbm", sorted
  std::map<std::string, std::string> measured;  // by stage, check, part, number of the measurement, name
};

/// What a GPU has counted over its life is its history: work that is done again meets its errors again.
bool counts_history(const std::string& check, const std::string& measurement) {
  static const std::set<std::string> kHistory{"ecc_corrected_dram", "ecc_uncorrected_dram",
                                              "ecc_uncorrected_sram", "remapped_rows_uncorrected"};
  return check == "health.counters" && kHistory.count(measurement) != 0;
}

bool is_required(const nlohmann::json& criteria, const std::string& check, const std::string& measurement) {
  if (counts_history(check, measurement)) return false;
  for (const auto& required : criteria.at("required")) {
    if (required.at("check") != check) continue;
    for (const auto& measure : required.at("measures")) {
      if (measure.at("name") != measurement) continue;
      // Of what may lack, one look more or less decides whether it is there.
      return measure.at("judged").get<bool>() && !measure.value("may_lack", false);
    }
  }
  return false;
}

Conclusion conclusion_of(const ScratchFolder& scratch, const std::string& folder) {
  Conclusion conclusion;
  const auto judgement = judge(scratch, folder);
  conclusion.verdict = judgement.at("verdict").get<std::string>();
  for (const auto& finding : judgement.at("findings")) {
    conclusion.findings.push_back(fmt::format("{} {}@{}", finding.at("severity").get<std::string>(),
                                              finding.at("code").get<std::string>(),
                                              finding.at("part").get<std::string>()));
  }
  std::sort(conclusion.findings.begin(), conclusion.findings.end());

  const RunRecord run = record::read_records(folder + "/records.jsonl");
  const auto criteria = nlohmann::json::parse(read_text(folder + "/criteria.json"));
  const std::vector<int> numbers = measurement_numbers(run);
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    const Step& step = run.steps[i];
    if (was_interrupted(step) || step.stage >= static_cast<int>(run.plan.stages.size())) continue;
    for (const Measurement& m : step.measurements) {
      if (!is_required(criteria, m.source == "check" ? step.check : m.source, m.name)) continue;
      conclusion.measured[fmt::format("{} {} {} #{} {} {}", step.stage, step.check, step.part, numbers[i],
                                      m.name, m.part)] = text_of(m.value);
    }
  }
  return conclusion;
}

class ResumedRun : public testing::TestWithParam<Case> {
 protected:
  std::vector<std::string> arguments(const std::string& out) const {
    std::vector<std::string> words{"run",         "--node",    "sim:configs/sim/h200-8gpu.toml",
                                   "--seed",      "1",         "--out",
                                   scratch / out, "--profile", "quick",
                                   "--quiet"};
    for (const std::string& fault : GetParam().faults) {
      words.push_back("--fault");
      words.push_back(fault);
    }
    // A limit's edge needs what it is a limit of; the memory's checks are steps enough to be killed in.
    if (GetParam().edge != Edge::shipped) words.insert(words.end(), {"--only", "memory.*,health.*"});
    if (!sku_.empty()) words.insert(words.end(), {"--sku", sku_});
    return words;
  }

  /// Sets the limit in question to what the run in `folder` measured, or to the next value.
  void move_limit(const std::string& folder) {
    const Case& c = GetParam();
    std::string sku = read_text(std::string(ASSAY_SOURCE_DIR) + "/configs/skus/h200-sxm-8.toml");
    const std::regex pattern("check = \"" + c.check + "\"\nmeasurement = \"" + c.measurement +
                             "\"\n(min|max) = \"?([0-9.]+)( [A-Za-z/]+)?\"?\n(marginal = [^\n]*\n)?");
    std::smatch match;
    ASSERT_TRUE(std::regex_search(sku, match, pattern)) << "no limit of " << c.check << "/" << c.measurement;
    const bool is_min = match[1] == "min";
    std::vector<double> values;
    const RunRecord run = record::read_records(folder + "/records.jsonl");
    for (const Step& step : run.steps) {
      for (const Measurement& m : step.measurements) {
        const std::string& check = m.source == "check" ? step.check : m.source;
        if (check == c.check && m.name == c.measurement) values.push_back(std::get<double>(m.value));
      }
    }
    ASSERT_FALSE(values.empty());
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    const double worst = is_min ? *least : *most;
    const double beyond = is_min ? HUGE_VAL : -HUGE_VAL;
    const double bound = c.edge == Edge::holds ? worst : std::nextafter(worst, beyond);
    const std::string unit = match[3];
    const std::string quote = unit.empty() ? "" : "\"";
    const std::string value = fmt::format("{}{}{}{}", quote, bound, unit, quote);
    sku.replace(static_cast<std::size_t>(match.position()), static_cast<std::size_t>(match.length()),
                fmt::format("check = \"{}\"\nmeasurement = \"{}\"\n{} = {}\n", c.check, c.measurement,
                            match[1].str(), value));
    sku_ = scratch.write("edge.toml", sku);
  }

  /// Whether schemaVersion and testRunStart are there as whole lines: a kill can cut either.
  static bool has_begun(const std::string& folder) {
    const std::string written = read_text(folder + "/records.jsonl");
    return std::count(written.begin(), written.end(), '\n') >= 2;
  }

  /// A run that is killed at these shares of what the unkilled run wrote, and resumed each time. Empty when
  /// it was killed before it began, or never.
  std::string killed_run(const std::string& out, const std::vector<double>& shares, std::uintmax_t whole) {
    std::vector<std::string> words = arguments(out);
    int kills = 0;
    for (const double share : shares) {
      const std::uintmax_t now = size_of_records(scratch / out);
      const auto bytes = now + static_cast<std::uintmax_t>(share * static_cast<double>(whole));
      const bool killed = kill_at_size(scratch, words, scratch / out, bytes);
      const std::string folder = published_run(scratch / out);
      kills += killed ? 1 : 0;
      if (folder.empty() || kills == 0) return "";
      if (!killed) return has_begun(folder) ? folder : "";
      words = {"resume", folder, "--quiet"};
    }
    if (!has_begun(published_run(scratch / out))) return "";
    const Finished resumed = assay(scratch, words);
    EXPECT_THAT(resumed.exit_code, testing::AnyOf(0, 2, 10, 11)) << resumed.err;
    if (resumed.exit_code == 2) {
      EXPECT_THAT(resumed.err, testing::HasSubstr("nothing to resume"));
    }
    return published_run(scratch / out);
  }

  ScratchFolder scratch;
  std::string sku_;
};

TEST_P(ResumedRun, ConcludesWhatTheUnkilledRunDoes) {
  if (GetParam().edge != Edge::shipped) {
    assay(scratch, arguments("shipped"));
    ASSERT_NO_FATAL_FAILURE(move_limit(published_run(scratch / "shipped")));
  }
  const Finished unkilled = assay(scratch, arguments("unkilled"));
  const std::string folder = published_run(scratch / "unkilled");
  ASSERT_FALSE(folder.empty()) << unkilled.err;
  const Conclusion expected = conclusion_of(scratch, folder);
  ASSERT_FALSE(expected.measured.empty());
  const std::uintmax_t whole = size_of_records(scratch / "unkilled");

  int killed_runs = 0;
  std::mt19937 random(std::hash<std::string>{}(GetParam().name));
  for (int i = 0; i < kRunsKilled; ++i) {
    std::uniform_real_distribution<double> share(0, i % 2 == 0 ? 1.0 : 0.6);
    std::vector<double> shares{share(random)};
    if (i % 2 == 1) shares.push_back(share(random));
    const std::string killed = killed_run(fmt::format("killed{}", i), shares, whole);
    if (killed.empty()) continue;
    ++killed_runs;
    const Conclusion conclusion = conclusion_of(scratch, killed);
    SCOPED_TRACE(fmt::format("killed at {} of {} bytes", testing::PrintToString(shares), whole));
    EXPECT_EQ(conclusion.verdict, expected.verdict);
    EXPECT_EQ(conclusion.findings, expected.findings);
    for (const auto& [key, value] : expected.measured) {
      const auto found = conclusion.measured.find(key);
      ASSERT_NE(found, conclusion.measured.end()) << key;
      ASSERT_EQ(found->second, value) << key;
    }
    if (HasFailure()) return;
  }
  EXPECT_GE(killed_runs, kRunsKilled / 2) << "hardly any run was caught alive: nothing is shown";
}

INSTANTIATE_TEST_SUITE_P(AtEveryEdge, ResumedRun, testing::ValuesIn(cases()),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace assay
