// Over all checks and all faults: what is declared is real, and every detector has been seen to fire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "harness/check.h"
#include "harness/config/fault.h"
#include "harness/config/findings.h"
#include "harness/config/paths.h"
#include "harness/registry.h"
#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;

bool is_selftest(const Check& check) {
  return check.name.rfind("selftest.", 0) == 0;
}

std::set<FindingCode> codes_of_the_fault_catalogue() {
  std::set<FindingCode> codes;
  for (const std::string& name : config::names("faults")) {
    config::Diagnostics diagnostics;
    codes.insert(config::load_fault(name, diagnostics).expect.code);
    EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
  }
  return codes;
}

/// What no fault of a simulated node can lead to by itself, and the test that provokes it instead.
const std::map<std::string, std::string>& provoked_elsewhere() {
  static const std::map<std::string, std::string> table{
      {"selftest.wrong_value", "selftest_test: fail"},
      {"harness.worker_exit", "selftest_test: exit"},
      {"harness.out_of_memory", "selftest_test: memory"},
      {"harness.step_timeout", "selftest_test: hang"},
      {"harness.protocol", "selftest_test: torn_frame, noise"},
      {"harness.pipe_flood", "selftest_test: flood"},
      {"harness.wrong_unit", "selftest_test: wrong_unit"},
      {"harness.undeclared_measurement", "selftest_test: undeclared"},
      {"harness.missing_measurement", "selftest_test: silent"},
      {"harness.not_finite", "selftest_test: nan"},
      {"harness.rank_missing", "selftest_test: rank_missing"},
      {"harness.check_error", "selftest_test: throw"},
      {"harness.telemetry_lost", "killed_test: AKilledSampler"},
      {"harness.interrupted", "killed_test: CtrlC"},
      {"harness.check_not_run", "judge tests: a removed step"},
      {"harness.no_limit", "judge tests: a removed limit"},
      {"harness.device_memory", "sim_gpu_test: more than there is"},
      {"harness.no_cuda", "needs a real node and a build without CUDA"},
      {"nvlink.contained_error", "selftest_test: contained"},
      {"harness.driver_too_old", "driver_version_test; needs a real node with an old driver"},
      {"harness.worker_unkillable", "needs a driver call that SIGKILL does not end"},
      {"device.ecc_uncorrectable", "fault ecc-uncorrected, as a consequence"},
      {"compute.coverage", "sm_test: a multiprocessor that no block reaches"},
      {"compute.unexpected_result", "faults_test: what all GPUs compute alike"},
      {"compute.unexpected_product", "faults_test: what the library gets wrong alike, as a consequence"},
      {"environment.library_unknown", "faults_test: a SKU that knows another version"},
      {"environment.library_missing", "faults_test: a node without cuBLASLt"},
      {"compute.wrong_sums", "faults_test: products, as a consequence"},
      {"pcie.shared", "fault host-memory-slow, as a consequence; bandwidth_test: GPUs below one port"},
      {"pcie.far_slow", "fault far-memory-slow, as a consequence"},
      {"nvlink.no_peer_access", "fault nvlink-down-at-start, as a consequence"},
      {"nvlink.pair_latency", "fault peer-latency, as a consequence"},
      {"collective.slow", "fault collective-slow, as a consequence"},
      {"collective.hung_somewhere", "fault collective-hangs, as a consequence"},
      {"inventory.unexpected_gpu", "below: eight GPUs as a SKU of one"},
      {"inventory.not_in_manifest", "manifest_test"},
      {"inventory.serial_unknown", "manifest_test"},
      {"inventory.other_chassis", "manifest_test"},
      {"inventory.manifest_missing", "manifest_test"},
      {"inventory.manifest_unexpected", "manifest_test"},
      {"inventory.manifest_swapped", "manifest_test"},
      {"inventory.manifest_part", "manifest_test"},
      {"inventory.manifest_duplicate", "manifest_test"},
      {"host.port_down", "site_test"},
      {"inventory.firmware_not_agreed", "site_test"},
      {"environment.driver_not_agreed", "site_test"},
      {"inventory.identity_repeated", "node_checks_test"},
      {"environment.gsp_firmware_not_agreed", "site_test"},
      {"settings.peer_traffic", "site_test"},
  };
  return table;
}

TEST(Conformance, EveryFindingOfTheCatalogueIsProvoked) {
  config::Diagnostics diagnostics;
  const auto provoked = codes_of_the_fault_catalogue();
  for (const FindingKind& kind : config::load_findings(config::configs_folder() + "/findings", diagnostics)) {
    const bool elsewhere = provoked_elsewhere().count(kind.code.text()) != 0;
    EXPECT_TRUE(provoked.count(kind.code) != 0 || elsewhere) << kind.code << " has never been seen to fire";
    EXPECT_FALSE(provoked.count(kind.code) != 0 && elsewhere) << kind.code << " is excused without need";
  }
  EXPECT_EQ(diagnostics.text(), "");
}

TEST(Conformance, EveryFindingThatACheckDeclaresIsProvokedAndInTheCatalogue) {
  config::Diagnostics diagnostics;
  const auto catalogue = config::load_findings(config::configs_folder() + "/findings", diagnostics);
  for (const Check& check : all_checks()) {
    EXPECT_FALSE(check.findings.empty()) << check.name;
    for (const FindingCode& code : check.findings) {
      EXPECT_TRUE(std::any_of(catalogue.begin(), catalogue.end(),
                              [&](const auto& kind) { return kind.code == code; }))
          << check.name << " declares " << code;
    }
  }
}

TEST(Conformance, ACheckIsFoundByItsNameInSuites) {
  for (const Check& check : all_checks()) {
    std::string path = check.name;
    std::replace(path.begin(), path.end(), '.', '/');
    if (path.rfind("selftest/collective_", 0) == 0)
      path = "collective/drill";  // one check, meddled with in each
    EXPECT_TRUE(std::filesystem::exists(std::string(ASSAY_SOURCE_DIR) + "/suites/" + path + ".cpp"))
        << check.name;
  }
}

TEST(Conformance, DeclarationsAreWhole) {
  for (const Check& check : all_checks()) {
    EXPECT_FALSE(check.summary.empty()) << check.name;
    EXPECT_NE(check.run, nullptr) << check.name;
    EXPECT_EQ(check.detects.empty() || check.misses.empty(), is_selftest(check)) << check.name;
    std::set<std::string> names;
    for (const Measure& measure : check.measures) {
      EXPECT_TRUE(names.insert(measure.name).second)
          << check.name << " declares " << measure.name << " twice";
      EXPECT_FALSE(measure.meaning.empty()) << check.name << "/" << measure.name;
    }
    EXPECT_TRUE(
        std::any_of(check.measures.begin(), check.measures.end(), [](const Measure& m) { return m.judged; }))
        << check.name << " could not fail";
  }
}

/// What says of no device that it has worked there.
bool launches_nothing(const Check& check) {
  return check.device_evidence.empty();
}

TEST(Conformance, ACheckWhoseDeviceCallFailsEndsInErrorNeverInPassOrSkip) {
  const ScratchFolder scratch;
  EXPECT_EQ(run_simulated(scratch, {"--profile", "acceptance", "--fault", "device-call-fails"}).exit_code,
            11);
  const auto judgement = judge(scratch, only_run(scratch));
  std::set<std::string> seen;
  for (const auto& outcome : judgement.at("checks")) {
    const Check* check = find_check(outcome.at("check").get<std::string>());
    const bool one_step_for_all =
        check != nullptr &&
        (check->scope == Scope::ranks || check->scope == Scope::all_gpus || check->scope == Scope::all_pairs);
    if (check == nullptr || check->scope == Scope::node || launches_nothing(*check) ||
        outcome.at("part") != (one_step_for_all ? "node" : "gpu1"))
      continue;
    EXPECT_EQ(outcome.at("status"), "error") << check->name;
    EXPECT_EQ(outcome.at("result"), "not_applicable") << check->name;
    seen.insert(check->name);
  }
  for (const Check& check : all_checks()) {
    // Nothing asks for what follows a finding where no call comes through.
    if (check.scope == Scope::node || is_selftest(check) || check.follows || launches_nothing(check))
      continue;
    EXPECT_TRUE(seen.count(check.name))
        << check.name << " is not in the acceptance profile: run it here with the fault too";
  }
}

TEST(Conformance, MoreGpusThanTheSkuHasAreNoticed) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(scratch, {"--sku", "h200-1gpu-bench"});
  EXPECT_EQ(run.exit_code, 11) << run.out;
  EXPECT_THAT(accusations(judge(scratch, only_run(scratch))),
              testing::Contains("inventory.unexpected_gpu@node"));
}

TEST(Conformance, TheBenchSkuAcceptsOneGpuAndSaysThatItCannotBeCertified) {
  const ScratchFolder scratch;
  const Finished run = assay(
      scratch, {"run", "--node", "sim:configs/sim/h200-1gpu.toml", "--seed", "1", "--out", scratch / "out"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, testing::HasSubstr("certified"));
}

}  // namespace
}  // namespace assay
