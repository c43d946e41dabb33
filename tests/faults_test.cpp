// Every fault of the catalogue ends in its verdict, its code and its part, and accuses nothing else.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

#include "harness/config/fault.h"
#include "harness/config/paths.h"
#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;

int exit_code_of(const std::string& verdict) {
  return verdict == "ACCEPT" ? 0 : verdict == "REJECT" ? 10 : 11;
}

config::Fault load(const std::string& name) {
  config::Diagnostics diagnostics;
  auto fault = config::load_fault(name, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
  return fault;
}

/// Codes of a judgement's findings that are nobody's consequence, and of the consequences of its environment.
struct Seen {
  std::set<std::string> findings, excused;
  std::string said;  // by the run
};

Seen seen_with(const std::string& profile, const std::string& only, const std::vector<std::string>& faults) {
  const ScratchFolder scratch;
  std::vector<std::string> arguments{"--workers", "thread", "--profile", profile, "--only", only};
  for (const std::string& fault : faults) arguments.insert(arguments.end(), {"--fault", fault});
  const Finished run = run_simulated(scratch, arguments);
  const auto judgement = judge(scratch, only_run(scratch));
  Seen seen;
  seen.said = run.out + run.err;
  for (const auto& finding : judgement.at("findings")) {
    const auto place = [](const nlohmann::json& j) {
      return j.at("code").get<std::string>() + "@" + j.at("part").get<std::string>();
    };
    seen.findings.insert(place(finding));
    if (finding.at("class") != "environment") continue;
    for (const auto& consequence : finding.at("consequences")) seen.excused.insert(place(consequence));
  }
  return seen;
}

bool ends_workers(const std::string& kind) {
  const auto& kinds = config::fault_kinds();
  return std::any_of(kinds.begin(), kinds.end(),
                     [&](const config::FaultKind& one) { return one.name == kind && one.ends_workers; });
}

/// Of each code one that workers as threads can show, in a run that is short, and that the environment does
/// not excuse: how fast a GPU's memory is by itself, and what all GPUs share. What excuses whom is told by
/// the codes.
const std::set<std::string>& told_beside_the_environment() {
  static const std::set<FindingCode> kExcused{"memory.slow", "pcie.far_memory", "pcie.host_memory",
                                              "nvlink.slow_switches", "collective.slow_gpu"};
  static const std::set<std::string> told = [] {
    std::set<std::string> names;
    std::set<FindingCode> codes;
    for (const std::string& name : config::names("faults")) {
      const config::Fault fault = load(name);
      const bool is_short = fault.expect.profile != "acceptance";
      if (is_short && !ends_workers(fault.kind) && kExcused.count(fault.expect.code) == 0 &&
          codes.insert(fault.expect.code).second)
        names.insert(name);
    }
    return names;
  }();
  return told;
}

/// What --only is to leave of a profile: what found it, and what finds settings and busy GPUs. Nothing is
/// left out where the telemetry of a step told: steps before it may have brought it about.
std::string enough_to_find(const config::Fault& fault, const nlohmann::json& findings) {
  static const std::regex kStep("sim-[0-9]+-(([a-z0-9_]+)\\.[a-z0-9_]+).*");
  std::set<std::string> checks{"inventory.*", "health.*"};
  for (const auto& finding : findings) {
    for (const auto& item : finding.at("evidence")) {
      const auto step = item.value("step", std::string());
      std::smatch match;
      if (!std::regex_match(step, match, kStep) ||
          match[2] != fault.expect.code.text().substr(0, match[2].length()))
        return "*";
      checks.insert(match[1]);
    }
  }
  return fmt::format("{}", fmt::join(checks, ","));
}

/// A setting hides nothing of another GPU. A busy GPU keeps all GPU checks from running, so that what only
/// they can find is not found; but what is found is not excused.
void expect_no_excuse_beside_the_environment(const std::string& name, const config::Fault& fault,
                                             const std::string& only) {
  const std::string other = fault.part.unit() == "gpu0" ? "gpu5" : "gpu0";
  const std::string expected = fault.expect.code.text() + "@" + fault.expect.part.path();
  const Seen setting = seen_with(fault.expect.profile, only, {name, "ecc-off:part=" + other});
  EXPECT_EQ(setting.findings.count(expected), 1u) << setting.said;
  EXPECT_EQ(setting.excused.count(expected), 0u);
  const Seen busy = seen_with(fault.expect.profile, only, {name, "not-idle:part=" + other});
  EXPECT_EQ(busy.excused.count(expected), 0u);
}

class Faults : public testing::TestWithParam<std::string> {};

TEST_P(Faults, EndsInItsVerdictCodeAndPartAndAccusesNothingElse) {
  const config::Fault fault = load(GetParam());
  const ScratchFolder scratch;
  const Finished run = run_simulated(
      scratch, {"--profile", fault.expect.profile, "--fault", "configs/faults/" + GetParam() + ".toml"});
  EXPECT_EQ(run.exit_code, exit_code_of(fault.expect.verdict)) << run.out << run.err;
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_EQ(judgement.at("verdict"), fault.expect.verdict);
  EXPECT_THAT(accusations(judgement),
              testing::ElementsAre(fault.expect.code.text() + "@" + fault.expect.part.path()))
      << judgement.at("findings").dump(2);
  EXPECT_THAT(run.out, testing::HasSubstr(fault.expect.part.path()));
  if (told_beside_the_environment().count(GetParam()) != 0)
    expect_no_excuse_beside_the_environment(GetParam(), fault,
                                            enough_to_find(fault, judgement.at("findings")));
}

std::string test_name(const testing::TestParamInfo<std::string>& fault) {
  std::string name = fault.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, Faults, testing::ValuesIn(config::names("faults")), test_name);

/// Also that what they say of the time after the wait is what is judged.
TEST(LinksThatTrainLate, AreWaitedForAndAccepted) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, {"--fault", "configs/faults/nvlinks-too-late.toml:after=40"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))), testing::IsEmpty());
}

TEST(SeveralFaults, AreToldApart) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, {"--fault", "configs/faults/slow-hbm.toml", "--fault",
                                               "configs/faults/data-wire.toml:part=gpu2/hbm", "--fault",
                                               "configs/faults/worker-crash.toml"});
  EXPECT_EQ(run.exit_code, 10) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("harness.worker_crashed@harness", "memory.miscompare@gpu2/hbm",
                                   "memory.slow@gpu6/hbm"));
}

TEST(SeveralFaults, WhatCollectivesSpoiltStandsThoughTheyFailAfterwards) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(
      scratch, {"--profile", "collectives", "--fault", "collective-corrupts", "--fault", "collective-fails"});
  EXPECT_EQ(run.exit_code, 10) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::Contains("collective.miscompare@gpu5"));
}

TEST(KernelLines, CanBePlantedAtAStep) {
  const ScratchFolder scratch;
  const std::string fault = scratch.write("line.toml",
                                          "summary = \"a line while the memory is swept\"\n[fault]\n"
                                          "kind = \"kernel_line\"\npart = \"gpu5\"\n[fault.parameters]\n"
                                          "step = \"memory.sweep\"\n"
                                          "line = \"NVRM: Xid (PCI:{pci}): 48, pid={pid}, name=assay, DBE\"\n"
                                          "[expect]\nverdict = \"REJECT\"\n"
                                          "code = \"device.xid_fatal\"\npart = \"gpu5\"\n");
  run_simulated(scratch, {"--fault", fault});
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_THAT(accusations(judgement), testing::ElementsAre("device.xid_fatal@gpu5"));
  for (const auto& finding : judgement.at("findings")) {
    EXPECT_FALSE(finding.at("evidence").empty());
    for (const auto& evidence : finding.at("evidence"))
      EXPECT_THAT(evidence.at("step").get<std::string>(), testing::HasSubstr("memory.sweep"));
  }
  const ScratchFolder other;
  const Finished misspelt = run_simulated(other, {"--fault", fault + ":step=memory.swep"});
  EXPECT_EQ(misspelt.exit_code, 0) << misspelt.out;
  EXPECT_THAT(misspelt.err, testing::HasSubstr("planted in gpu5, and no work met it: the step memory.swep"));
}

TEST(Culprits, AreNamedInTheFinding) {
  for (const auto& [fault, culprit] : {std::pair("address-line", "[bit 8 of the word's address]"),
                                       std::pair("data-wire", "[bit 37 of the data path]")}) {
    const ScratchFolder scratch;
    run_simulated(scratch, {"--fault", fault});
    const auto judgement = judge(scratch, only_run(scratch));
    EXPECT_THAT(judgement.at("findings").at(0).at("summary").get<std::string>(),
                testing::HasSubstr(std::string("written ") + culprit + " (slot"));
  }
}

struct Pair {
  std::string name, configuration, environment;  // faults
};

void PrintTo(const Pair& pair, std::ostream* out) {
  *out << pair.name;
}

class Excuses : public testing::TestWithParam<Pair> {};

TEST_P(Excuses, TheEnvironmentExcusesNothingThatAPartIs) {
  const Pair& pair = GetParam();
  const config::Fault part = load(pair.configuration), environment = load(pair.environment);
  for (const bool turned : {false, true}) {
    const ScratchFolder scratch;
    std::vector<std::string> faults{pair.configuration, pair.environment};
    if (turned) std::swap(faults[0], faults[1]);
    run_simulated(scratch, {"--fault", faults[0], "--fault", faults[1]});
    const auto judgement = judge(scratch, only_run(scratch));
    EXPECT_THAT(
        accusations(judgement),
        testing::UnorderedElementsAre(part.expect.code.text() + "@" + part.expect.part.path(),
                                      environment.expect.code.text() + "@" + environment.expect.part.path()))
        << judgement.at("findings").dump(2);
    EXPECT_EQ(judgement.at("verdict"), "INCONCLUSIVE");
  }
}

INSTANTIATE_TEST_SUITE_P(Pairs, Excuses,
                         testing::Values(Pair{"SameGpu", "pcie-width:part=gpu1", "ecc-off:part=gpu1"},
                                         Pair{"AnotherGpu", "pcie-width", "ecc-off"},
                                         Pair{"GenerationOfABusyGpu", "pcie-generation:part=gpu4",
                                              "not-idle"},
                                         Pair{"FirmwareWhileAnotherIsBusy", "other-vbios", "not-idle"},
                                         Pair{"FirmwareBesideAProcess", "other-vbios", "foreign-process"}),
                         [](const testing::TestParamInfo<Pair>& p) { return p.param.name; });

TEST(BusyGpus, AreEachNamedAndNoOther) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, {"--fault", "not-idle", "--fault", "foreign-process"});
  EXPECT_EQ(run.exit_code, 11);
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_THAT(accusations(judgement), testing::ElementsAre("environment.foreign_process@environment",
                                                           "environment.not_idle@environment"));
  for (const auto& finding : judgement.at("findings")) {
    const bool idle = finding.at("code") == "environment.not_idle";
    for (const auto& item : finding.at("evidence")) EXPECT_EQ(item.at("part"), idle ? "gpu4" : "gpu0");
  }
}

TEST(HealthyNodes, OfSeveralSeedsAreAccepted) {
  for (int seed = 1; seed <= 12; ++seed) {
    const ScratchFolder scratch;
    const Finished run = assay(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--seed",
                                         std::to_string(seed), "--out", scratch / "out", "--json"});
    EXPECT_EQ(run.exit_code, 0) << "seed " << seed << "\n" << run.out << run.err;
  }
}

std::vector<std::string> in_every_gpu(const std::string& fault) {
  std::vector<std::string> arguments;
  for (int slot = 0; slot < 8; ++slot) {
    arguments.emplace_back("--fault");
    arguments.push_back("configs/faults/" + fault + ".toml:part=gpu" + std::to_string(slot));
  }
  return arguments;
}

TEST(SeveralFaults, InAllGpusCopiesOfOneTileEachIsFound) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, in_every_gpu("gemm-repeats"));
  EXPECT_EQ(run.exit_code, 10) << run.out << run.err;
  std::vector<std::string> expected;
  for (int slot = 0; slot < 8; ++slot)
    expected.push_back("compute.wrong_result@gpu" + std::to_string(slot) + "/sm88");
  EXPECT_EQ(accusations(judge(scratch, only_run(scratch))), expected);
}

TEST(SeveralFaults, WhatAllGpusComputeAlikeAccusesNoneAndIsNoAcceptance) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, in_every_gpu("sm-all"));
  EXPECT_EQ(run.exit_code, 11) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("compute.unexpected_result@harness"));
}

/// A profile of one check alone, once through. Its path.
std::string profile_of(const ScratchFolder& scratch, const std::string& check) {
  return scratch.write("one.toml",
                       "summary = \"one check\"\nsample_hz = 10\nidle_timeout = \"60 s\"\n[[checks]]\n"
                       "check = \"" +
                           check + "\"\nduration = \"0 s\"\ndeadline = \"120 s\"\n");
}

TEST(Products, OfTheLibraryThatAreWrongAreTheGpusEvenWhereTheFirstOneIs) {
  const ScratchFolder scratch;
  run_simulated(scratch, {"--profile", profile_of(scratch, "compute.gemm"), "--fault", "library-result"});
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_THAT(accusations(judgement), testing::ElementsAre("compute.wrong_product@gpu3"));
  EXPECT_THAT(judgement.at("findings").at(0).at("consequences").dump(),
              testing::HasSubstr("compute.unexpected_product"));
}

TEST(Products, OfALibraryThatIsNotThereAreNobodysFault) {
  const ScratchFolder scratch;
  const std::filesystem::path folder = scratch / "bin", built = ASSAY_BINARY;
  std::filesystem::create_directories(folder / "simulated");
  std::filesystem::copy_file(built, folder / "assay");
  std::filesystem::create_symlink(ASSAY_SIMULATED_NVML, folder / "simulated/libnvidia-ml.so.1");
  const Finished run = assay(scratch,
                             {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--out", scratch / "out",
                              "--profile", profile_of(scratch, "compute.gemm")},
                             {}, folder / "assay");
  EXPECT_EQ(run.exit_code, 11) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("environment.library_missing@environment"));
  EXPECT_THAT(run.out, testing::HasSubstr("cuBLASLt: the simulator's libcublasLt.so.13"));
}

TEST(Products, OfAVersionOfTheLibraryThatIsNotKnownProveNothing) {
  const ScratchFolder scratch;
  std::string sku = read_text(std::string(ASSAY_SOURCE_DIR) + "/configs/skus/h200-sxm-8.toml");
  const std::string known = "equal = \"13.1.0\"";
  ASSERT_NE(sku.find(known), std::string::npos);
  sku.replace(sku.find(known), known.size(), "equal = \"13.0.2\"");
  const Finished run = run_simulated(scratch, {"--sku", scratch.write("h200-sxm-8.toml", sku), "--profile",
                                               profile_of(scratch, "compute.gemm")});
  EXPECT_EQ(run.exit_code, 11) << run.out << run.err;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::ElementsAre("environment.library_unknown@environment"));
}

TEST(Products, AWrongElementIsItsSmsAndTheSumsFollowFromIt) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(
      scratch, {"--profile", profile_of(scratch, "compute.gemm_exact"), "--fault", "gemm-repeats"});
  EXPECT_EQ(run.exit_code, 10) << run.out << run.err;
  const auto judgement = judge(scratch, only_run(scratch));
  EXPECT_THAT(accusations(judgement), testing::ElementsAre("compute.wrong_result@gpu6/sm88"));
  EXPECT_THAT(judgement.at("findings").at(0).at("consequences").dump(),
              testing::HasSubstr("compute.wrong_sums"));
}

}  // namespace
}  // namespace assay
