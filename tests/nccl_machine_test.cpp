// What a machine, and who starts a run on it, put in NCCL's way: settings, environment, topology, shared
// memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "harness/base/sha256.h"
#include "harness/model/telemetry_measures.h"
#include "harness/record/reader.h"
#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A profile of collective.correctness alone. Its path.
std::string correctness_alone(const ScratchFolder& scratch) {
  return scratch.write("correctness.toml",
                       "summary = \"collectives\"\nsample_hz = 10\nidle_timeout = \"60 s\"\n[[checks]]\n"
                       "check = \"collective.correctness\"\nduration = \"0 s\"\ndeadline = \"240 s\"\n");
}

/// What the check measured in a run, whatever the order in which its ranks spoke. What the sampler saw
/// meanwhile hangs on when it looked.
std::vector<std::tuple<std::string, Part, std::string, Value>> measured(const std::string& run) {
  std::vector<std::tuple<std::string, Part, std::string, Value>> all;
  for (const Step& step : record::read_records(run + "/records.jsonl").steps) {
    for (const Measurement& measurement : step.measurements) {
      if (measurement.source != kTelemetryCheck)
        all.emplace_back(step.id, measurement.part, measurement.name, measurement.value);
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// What steps have kept under this name, in the order of the steps.
std::vector<nlohmann::json> evidence(const std::string& run, const std::string& name) {
  std::vector<nlohmann::json> found;
  for (const Step& step : record::read_records(run + "/records.jsonl").steps) {
    for (const Evidence& kept : step.evidence) {
      if (kept.name == name) found.push_back(kept.content);
    }
  }
  return found;
}

void put_in_the_way() {
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"NCCL_ALGO", "garbage"},
                                                                  {"NCCL_PROTO", "garbage"},
                                                                  {"NCCL_P2P_DISABLE", "1"},
                                                                  {"NCCL_NVLS_ENABLE", "0"},
                                                                  {"NCCL_DEBUG", "TRACE"},
                                                                  {"NCCL_TOPO_FILE", "/nonexistent"},
                                                                  {"NCCL_GRAPH_FILE", "/nonexistent"},
                                                                  {"NCCL_CONF_FILE", "/nonexistent"},
                                                                  {"NCCL_PROFILER_PLUGIN", "none"},
                                                                  {"NCCL_RAS_ENABLE", "0"},
                                                                  {"CUDA_VISIBLE_DEVICES", ""},
                                                                  {"LD_PRELOAD", "/nonexistent/libnccl.so.2"},
                                                                  {"LD_AUDIT", "/nonexistent/audit.so"}})
    setenv(name, value, 1);
}

TEST(NcclsEnvironment, OfWhoStartsARunChangesNothing) {
  const ScratchFolder clean, bent;
  for (const ScratchFolder* scratch : {&clean, &bent}) {
    const Finished run = assay(*scratch,
                               {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--profile",
                                correctness_alone(clean), "--out", *scratch / "out"},
                               scratch == &bent ? put_in_the_way : std::function<void()>());
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    EXPECT_EQ(read_text(only_run(*scratch) + "/children.log"), "")
        << "the loader would name what it preloads";
  }
  EXPECT_THAT(measured(only_run(clean)), Not(IsEmpty()));
  EXPECT_EQ(measured(only_run(clean)), measured(only_run(bent)));
  EXPECT_EQ(evidence(only_run(clean), "algorithms"), evidence(only_run(bent), "algorithms"));
  EXPECT_THAT(accusations(judge(bent, only_run(bent))), IsEmpty());
}

TEST(NcclsEvidence, NamesTheLibraryAndOnceARunItsHash) {
  const ScratchFolder scratch;
  run_simulated(scratch, {"--profile", correctness_alone(scratch)});
  const auto kept = evidence(only_run(scratch), "nccl");
  ASSERT_EQ(kept.size(), 8u);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(kept[i].at("version"), "2.28.9");
    EXPECT_THAT(kept[i].at("file").get<std::string>(), HasSubstr("simulated/libnccl.so.2"));
    EXPECT_EQ(kept[i].contains("sha256"), i == 0) << i;
    EXPECT_TRUE(kept[i].at("machine_files").at("/etc/nccl.conf").is_null());
    EXPECT_TRUE(kept[i].at("machine_files").at("/var/run/nvidia-topologyd/virtualTopology.xml").is_null());
  }
  const auto hash = sha256_of_file(kept[0].at("file").get<std::string>());
  ASSERT_TRUE(hash.has_value());
  EXPECT_EQ(kept[0].at("sha256"), *hash);
}

TEST(NcclsEvidence, HasTheTopologyOfAVirtualMachineWhichIsNoFault) {
  const ScratchFolder scratch;
  const Finished run = assay(scratch, {"run", "--node", "sim:h200-8gpu-vm", "--seed", "7", "--profile",
                                       correctness_alone(scratch), "--out", scratch / "out"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  for (const auto& kept : evidence(only_run(scratch), "nccl"))
    EXPECT_THAT(
        kept.at("machine_files").at("/var/run/nvidia-topologyd/virtualTopology.xml").get<std::string>(),
        testing::MatchesRegex("sha256:[0-9a-f]+"));
}

TEST(NcclsSettings, OfTheMachineAreNamedAndKept) {
  const ScratchFolder scratch;
  run_simulated(
      scratch, {"--profile", correctness_alone(scratch), "--fault", "nccl-settings:line=NCCL_MAX_NCHANNELS=1",
                "--fault", "nccl-settings:line=NCCL_SOCKET_IFNAME=eth0"});
  const auto judgement = judge(scratch, only_run(scratch));
  ASSERT_EQ(accusations(judgement), std::vector<std::string>{"collective.settings@environment"});
  const auto& finding = judgement.at("findings").at(0);
  EXPECT_THAT(finding.at("summary").get<std::string>(),
              AllOf(HasSubstr("/etc/nccl.conf: NCCL_MAX_NCHANNELS=1."), Not(HasSubstr("NCCL_SOCKET_IFNAME"))))
      << "what the workers' environment has, counts";
  EXPECT_THAT(finding.at("next_step").get<std::string>(), HasSubstr("mv /etc/nccl.conf"));
  EXPECT_EQ(evidence(only_run(scratch), "nccl").at(0).at("machine_files").at("/etc/nccl.conf"),
            "NCCL_MAX_NCHANNELS=1\nNCCL_SOCKET_IFNAME=eth0");
}

TEST(NcclsSettings, ThatTheWorkersHaveOfTheirOwnAreNoFinding) {
  const ScratchFolder scratch;
  const Finished run = run_simulated(
      scratch, {"--profile", correctness_alone(scratch), "--fault", "nccl-settings:line=NCCL_IB_DISABLE=0"});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
}

TEST(SharedMemory, ThatNcclDoesNotGetAccusesNothingAndIsNamed) {
  const ScratchFolder scratch;
  run_simulated(scratch, {"--profile", "collectives", "--fault", "collective-lacks-shm"});
  const auto judgement = judge(scratch, only_run(scratch));
  ASSERT_EQ(accusations(judgement), std::vector<std::string>{"collective.failed@harness"})
      << "also where multicast is what is tested";
  const auto& finding = judgement.at("findings").at(0);
  EXPECT_THAT(finding.at("summary").get<std::string>(),
              AllOf(HasSubstr("unhandled system error"), HasSubstr("/dev/shm/nccl-")));
  EXPECT_THAT(finding.at("next_step").get<std::string>(),
              AllOf(HasSubstr("df -h /dev/shm"), HasSubstr("--shm-size=1g"), HasSubstr("No part")));
}

/// `assay doctor` on a machine on which this is mounted. Skips the test where nothing may be mounted.
struct DoctorOnAMachine : testing::Test {
  ScratchFolder scratch;

  std::string says(const std::function<bool()>& mount_it) {
    constexpr int kMayNot = 126;
    const Finished finished = assay(scratch, {"doctor"}, [&] {
      if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          !mount_it())
        _exit(kMayNot);
    });
    may_not = finished.exit_code == kMayNot;
    return finished.out;
  }
  static bool mount_over(const char* folder, const char* options) {
    return mount("tmpfs", folder, "tmpfs", 0, options) == 0;
  }
  bool may_not = false;
};

TEST_F(DoctorOnAMachine, WarnsWhereSharedMemoryIsShort) {
  const std::string as_in_a_container = says([] { return mount_over("/dev/shm", "size=64m"); });
  if (may_not) GTEST_SKIP() << "no mount namespace of its own may be made here";
  EXPECT_THAT(as_in_a_container, HasSubstr("WARNING  shared memory: 64 MiB are free in /dev/shm\n"));
  EXPECT_THAT(as_in_a_container, HasSubstr("--shm-size=1g"));
  EXPECT_THAT(says([] { return mount_over("/dev/shm", "size=2g"); }),
              HasSubstr("ok       shared memory: 2048 MiB are free in /dev/shm\n"));
  const std::string without = says(
      [] { return mount_over("/dev", "size=1m") && mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0; });
  EXPECT_THAT(without, HasSubstr("WARNING  shared memory: there is no /dev/shm\n"));
}

TEST_F(DoctorOnAMachine, NamesTheSettingsThatNobodyCanKeepFromNccl) {
  const auto with = [](const char* text) {
    return [text] {
      if (!mount_over("/etc", "size=1m")) return false;
      std::ofstream("/etc/nccl.conf") << text;
      return true;
    };
  };
  const std::string bent = says(with("NCCL_P2P_DISABLE=1\nNCCL_NET=IB\nNCCL_ALGO=Ring\n"));
  if (may_not) GTEST_SKIP() << "no mount namespace of its own may be made here";
  EXPECT_THAT(
      bent, HasSubstr("MISSING  NCCL's settings: /etc/nccl.conf sets NCCL_P2P_DISABLE=1, NCCL_ALGO=Ring\n"));
  EXPECT_THAT(bent, HasSubstr("mv /etc/nccl.conf"));
  EXPECT_THAT(says(with("NCCL_NET=IB\nNCCL_RAS_ADDR=localhost:1\n")),
              HasSubstr("ok       NCCL's settings: none of /etc/nccl.conf count\n"));
}

}  // namespace
}  // namespace assay
