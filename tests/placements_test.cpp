// Every form of placement, by its self-test: as processes and as threads, killed and resumed too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "harness/model/attempts.h"
#include "harness/record/reader.h"
#include "tests/kill.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::ElementsAre;
using testing::IsEmpty;

std::string entry(const std::string& content, const std::string& deadline = "60 s") {
  return "\n[[checks]]\n" + content + "\ndeadline = \"" + deadline + "\"\n";
}

std::string check(const std::string& name, const std::string& more = "",
                  const std::string& deadline = "60 s") {
  return entry("check = \"" + name + "\"\nduration = \"0 s\"\n" + more, deadline);
}

const std::string kOverlap = entry(
    "overlap = [{ check = \"selftest.overlap_one\", duration = \"0 s\", memory_share = 0.5 },\n"
    "           { check = \"selftest.overlap_two\", duration = \"0 s\", memory_share = 0.5 }]");
const std::string kResident =
    check("selftest.resident", "stays_for = 2") + check("selftest.pass") + check("memory.bandwidth");

class Placements : public testing::TestWithParam<const char*> {
 protected:
  std::vector<std::string> command(const std::string& entries, const std::vector<std::string>& more = {}) {
    const std::string profile =
        scratch.write("forms.toml", "summary = \"s\"\nsample_hz = 10\nidle_timeout = \"5 s\"\n" + entries);
    std::vector<std::string> words{"run",
                                   "--node",
                                   "sim:configs/sim/h200-8gpu.toml",
                                   "--profile",
                                   profile,
                                   "--limits",
                                   "suites/selftest/limits.toml",
                                   "--seed",
                                   "1",
                                   "--workers",
                                   GetParam(),
                                   "--out",
                                   scratch / "out"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  /// Runs the profile and reads what it has written.
  RunRecord run(const std::string& entries, int exit_code, const std::vector<std::string>& more = {}) {
    const Finished finished = assay(scratch, command(entries, more));
    EXPECT_EQ(finished.exit_code, exit_code) << finished.out << finished.err;
    return record::read_records(only_run(scratch) + "/records.jsonl");
  }

  /// Which line of the records: virtual time may stand still between two of them.
  int line_of(const std::string& step, const std::string& artifact) const {
    int number = 0;
    for (const auto& line : records(only_run(scratch))) {
      ++number;
      const auto found = line.find("testStepArtifact");
      if (found != line.end() && found->at("testStepId") == step && found->contains(artifact)) return number;
    }
    ADD_FAILURE() << step << " has no " << artifact;
    return -1;
  }

  ScratchFolder scratch;
};

std::vector<const Step*> steps_of(const RunRecord& run, const std::string& check) {
  std::vector<const Step*> steps;
  for (const Step& step : run.steps) {
    if (step.check == check) steps.push_back(&step);
  }
  return steps;
}

TEST_P(Placements, EveryPairOfGpusIsTested) {
  const RunRecord done = run(check("selftest.pair"), 0);
  const auto steps = steps_of(done, "selftest.pair");
  EXPECT_EQ(steps.size(), 28u);
  std::map<int, std::vector<Part>> in_stage;
  for (const Step* step : steps) {
    for (const Part& gpu : step->part.units()) in_stage[step->stage].push_back(gpu);
  }
  EXPECT_EQ(in_stage.size(), 7u);
  for (auto& [stage, gpus] : in_stage) {
    std::sort(gpus.begin(), gpus.end());
    EXPECT_EQ(std::adjacent_find(gpus.begin(), gpus.end()), gpus.end())
        << "a GPU is in two pairs of stage " << stage;
  }
}

TEST_P(Placements, OfAPairTheGpuThatFailedIsAccusedAndNotItsPartner) {
  run(check("memory.bandwidth") + check("selftest.pair"), 10, {"--fault", "configs/faults/gpu-lost.toml"});
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), ElementsAre("device.lost@gpu6"));
}

TEST_P(Placements, VariantsHaveProcessesAndAnEnvironmentOfTheirOwn) {
  setenv("NCCL_ASSAY_INHERITED", "1", 1);
  const RunRecord done = run(check("selftest.variants"), 0);
  unsetenv("NCCL_ASSAY_INHERITED");
  std::vector<std::string> ids;
  for (const Step* step : steps_of(done, "selftest.variants")) ids.push_back(step->id);
  EXPECT_THAT(ids, ElementsAre("sim-00-selftest.variants.ring-node", "sim-01-selftest.variants.tree-node"));
}

TEST_P(Placements, RanksExchangeBytes) {
  run(check("selftest.ranks"), 0);
}

TEST_P(Placements, AResidentLivesWhileOtherStagesRun) {
  const RunRecord done = run(kResident, 0);
  const auto residents = steps_of(done, "selftest.resident");
  ASSERT_EQ(residents.size(), 8u);
  for (const Step* resident : residents) {
    for (const char* other : {"selftest.pass", "memory.bandwidth"}) {
      for (const Step* step : steps_of(done, other)) {
        EXPECT_LT(line_of(resident->id, "testStepStart"), line_of(step->id, "testStepStart"));
        EXPECT_GT(line_of(resident->id, "testStepEnd"), line_of(step->id, "testStepEnd"));
      }
    }
  }
}

TEST_P(Placements, AResidentIsNoForeignProcessAndAForeignProcessIsStillSeen) {
  const RunRecord done = run(kResident, 11, {"--fault", "configs/faults/foreign-process.toml"});
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_THAT(accusations(judgement), ElementsAre("environment.foreign_process@environment"));
}

TEST_P(Placements, BodiesOverlapInOneProcessAndShareTheMemory) {
  const RunRecord done = run(kOverlap, 0);
  const auto one = steps_of(done, "selftest.overlap_one"), two = steps_of(done, "selftest.overlap_two");
  ASSERT_EQ(one.size(), 8u);
  ASSERT_EQ(two.size(), 8u);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i]->stage, two[i]->stage);
    EXPECT_EQ(one[i]->part, two[i]->part);
  }
}

TEST_P(Placements, AFollowUpIsMadeOnceItIsAskedForAndOnTheAccusedAlone) {
  const std::string profile = check("memory.bandwidth") + check("selftest.follow_up");
  EXPECT_THAT(steps_of(run(profile, 0), "selftest.follow_up"), IsEmpty());
}

TEST_P(Placements, AFollowUpIsMadeOnTheAccusedAlone) {
  const RunRecord done = run(check("memory.bandwidth") + check("selftest.follow_up"), 10,
                             {"--fault", "configs/faults/slow-hbm.toml"});
  const auto judgement = judge(scratch, only_run(scratch));
  ASSERT_EQ(accusations(judgement).size(), 1u) << judgement.dump(2);
  const auto steps = steps_of(done, "selftest.follow_up");
  EXPECT_EQ(steps.size(), 7u);
  const std::string accused = judgement.at("findings").at(0).at("part").get<std::string>().substr(0, 4);
  for (const Step* step : steps) EXPECT_NE(step->part.path().find(accused), std::string::npos) << step->part;
}

TEST_P(Placements, AProfileOfNothingButAFollowUpAcceptsNothing) {
  run(check("selftest.follow_up"), 11);
}

TEST_P(Placements, AFileLargerThanAMessageIsAttached) {
  run(check("selftest.attach"), 0);
  const std::string folder = only_run(scratch), file = "attachment-sim-00-selftest.attach-gpu3-eight_MiB.txt";
  EXPECT_EQ(std::filesystem::file_size(folder + "/" + file), 8u << 20);
  EXPECT_NE(read_text(folder + "/SHA256SUMS").find("  " + file + "\n"), std::string::npos);
  EXPECT_NE(read_text(folder + "/records.jsonl").find("\"uri\":\"" + file + "\""), std::string::npos);
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 0);
  {  // Without it, and without its line in the sums, the run lacks what its records name.
    const std::string sums = read_text(folder + "/SHA256SUMS");
    const std::size_t at = sums.rfind('\n', sums.find(file)) + 1;
    std::ofstream(folder + "/SHA256SUMS") << sums.substr(0, at) << sums.substr(sums.find('\n', at) + 1);
    std::filesystem::rename(folder + "/" + file, scratch / "kept");
    EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 11);
    std::filesystem::rename(scratch / "kept", folder + "/" + file);
    std::ofstream(folder + "/SHA256SUMS") << sums;
  }
  std::filesystem::resize_file(folder + "/" + file, 7u << 20);
  EXPECT_EQ(assay(scratch, {"judge", folder}).exit_code, 2) << "evidence that was changed is no evidence";
}

/// What a run has concluded, and which work came to its end.
struct Conclusion {
  nlohmann::json verdict, findings;
  std::map<std::string, int> done;  // by stage, check, variant and part: measurements
};

Conclusion conclusion_of(const ScratchFolder& scratch, const std::string& folder) {
  Conclusion conclusion;
  const auto judgement = judge(scratch, folder);
  conclusion.verdict = judgement.at("verdict");
  for (const auto& finding : judgement.at("findings"))
    conclusion.findings.push_back({finding.at("code"), finding.at("part"), finding.at("severity")});
  const RunRecord run = record::read_records(folder + "/records.jsonl");
  for (const Step& step : run.steps) {
    if (was_interrupted(step) || step.check == "telemetry") continue;
    ++conclusion
          .done[std::to_string(step.stage) + " " + step.check + "." + step.variant + " " + step.part.path()];
  }
  return conclusion;
}

TEST_P(Placements, KilledAndResumedTheyConcludeTheSame) {
  const std::string all = kResident + kOverlap + check("selftest.variants") + check("selftest.pair") +
                          check("selftest.ranks") + check("selftest.follow_up");
  const std::vector<std::string> slow{"--fault", "configs/faults/slow-hbm.toml"};
  run(all, 10, slow);
  const Conclusion whole = conclusion_of(scratch, only_run(scratch));
  EXPECT_FALSE(whole.findings.empty());
  const std::uintmax_t size = std::filesystem::file_size(only_run(scratch) + "/records.jsonl");
#ifdef __SANITIZE_ADDRESS__
  const int kills = 2;
#else
  const int kills = 6;
#endif
  int caught = 0;
  for (int i = 0; i < kills; ++i) {
    const std::string out = "killed" + std::to_string(i);
    std::vector<std::string> words = command(all, slow);
    for (std::string& word : words) {
      if (word == scratch / "out") word = scratch / out;
    }
    if (!kill_at_size(scratch, words, scratch / out,
                      size * static_cast<std::uintmax_t>(i + 1) / static_cast<std::uintmax_t>(kills + 2)))
      continue;
    ++caught;
    const std::string folder = only_run(scratch, out);
    const Finished resumed = assay(scratch, {"resume", folder, "--workers", GetParam()});
    EXPECT_EQ(resumed.exit_code, 10) << resumed.err;
    const Conclusion after = conclusion_of(scratch, folder);
    EXPECT_EQ(after.verdict, whole.verdict);
    EXPECT_EQ(after.findings, whole.findings) << "killed at " << i;
    EXPECT_EQ(after.done, whole.done) << "killed at " << i;
  }
  EXPECT_GT(caught, 0);
}

INSTANTIATE_TEST_SUITE_P(Workers, Placements, testing::Values("process", "thread"),
                         [](const testing::TestParamInfo<const char*>& mode) {
                           return std::string(mode.param);
                         });

/// Workers that are threads cannot be killed: one that hangs leaves its GPU hung.
class HungGpu : public Placements {};

TEST_P(HungGpu, LeavesItsRanksOutAtOnce) {
  const auto began = std::chrono::steady_clock::now();
  const RunRecord done =
      run(check("selftest.rank_missing", "", "6 s") + check("selftest.ranks", "", "200 s"), 11);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(100));
  const auto steps = steps_of(done, "selftest.ranks");
  ASSERT_EQ(steps.size(), 1u);
  ASSERT_EQ(steps[0]->errors.size(), 1u);
  EXPECT_EQ(steps[0]->errors[0].symptom, "harness.worker_unkillable");
  EXPECT_EQ(steps[0]->errors[0].part, "gpu2");
}

INSTANTIATE_TEST_SUITE_P(Workers, HungGpu, testing::Values("thread"));

}  // namespace
}  // namespace assay
