// Whatever is typed wrong: one clear error, exit 2, and nothing half-written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::HasSubstr;

struct Mistake {
  std::string name;
  std::vector<std::string> arguments;
  std::string message;  // part of what standard error must say
};

void PrintTo(const Mistake& m, std::ostream* out) {
  *out << m.name;
}

const std::string kNode = "sim:configs/sim/h200-8gpu.toml";

class BadInput : public testing::TestWithParam<Mistake> {};

TEST_P(BadInput, IsOneClearErrorAndLeavesNothing) {
  const ScratchFolder scratch;
  auto arguments = GetParam().arguments;
  if (!arguments.empty() && arguments[0] == "run")
    arguments.insert(arguments.end(), {"--out", scratch / "out"});
  const Finished finished = assay(scratch, arguments);
  EXPECT_EQ(finished.exit_code, 2) << finished.out << finished.err;
  EXPECT_THAT(finished.err, HasSubstr(GetParam().message));
  EXPECT_EQ(finished.out, "");
  EXPECT_TRUE(!std::filesystem::exists(scratch / "out") || std::filesystem::is_empty(scratch / "out"));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadInput,
    testing::Values(
        Mistake{"NoVerb", {}, "which verb?"},  //
        Mistake{"WrongVerb", {"rnu"}, "Did you mean run?"},
        Mistake{"WrongVerbWithMore", {"rnu", "--foo", "x"}, "assay: no verb 'rnu'. Did you mean run?"},
        Mistake{"VerbLikeNone", {"frobnicate"}, "no verb 'frobnicate'. There are run, "},
        Mistake{"OptionBeforeTheVerb",
                {"--json", "judge", "nowhere"},
                "options come after the verb: assay judge --json."},
        Mistake{"OptionWithoutAVerb", {"--json"}, "options come after the verb: assay VERB --json."},
        Mistake{"SeveralUnexpected",
                {"run", "--node", kNode, "--foo", "x", "--bar"},
                "run does not take: --foo x --bar."},
        Mistake{"WrongFlag", {"run", "--node", kNode, "--sead", "7"}, "Did you mean --seed?"},
        Mistake{"SeedIsNoNumber", {"run", "--node", kNode, "--seed", "seven"}, "seven"},
        Mistake{"SeedIsNegative", {"run", "--node", kNode, "--seed", "-1"}, "from 0 to 18446744073709551615"},
        Mistake{"SeedIsTooLarge",
                {"run", "--node", kNode, "--seed", "18446744073709551616"},
                "--seed 18446744073709551616: give a whole number"},
        Mistake{"SeedIsEmpty", {"run", "--node", kNode, "--seed", ""}, "--seed"},
        Mistake{"NoSku", {"run"}, "--sku"},
        Mistake{"WrongSku", {"run", "--node", kNode, "--sku", "h200-sxm-9"}, "h200-sxm-8"},
        Mistake{"WrongProfile", {"run", "--node", kNode, "--profile", "quik"}, "quick"},
        Mistake{"WrongNode", {"run", "--sku", "h200-sxm-8", "--node", "simulated"}, "sim:FILE"},
        Mistake{"NoSuchNode", {"run", "--node", "sim:configs/sim/h200-9gpu.toml"}, "h200-9gpu"},
        Mistake{
            "NoSuchFault", {"run", "--node", kNode, "--fault", "configs/faults/slow-hbn.toml"}, "slow-hbm"},
        Mistake{"WrongFaultParameter", {"run", "--node", kNode, "--fault", "slow-hbm:fractor=0.5"}, "factor"},
        Mistake{"FaultOutOfRange", {"run", "--node", kNode, "--fault", "slow-hbm:factor=7"}, "factor"},
        Mistake{"FaultOnRealNode", {"run", "--sku", "h200-sxm-8", "--fault", "slow-hbm"}, "simulated"},
        Mistake{"WrongOnly", {"run", "--node", kNode, "--only", "memroy.*"}, "memory.sweep"},
        Mistake{"WrongGpus", {"run", "--node", kNode, "--gpus", "0,x"}, "--gpus"},
        Mistake{"GpuBeyondTheSku", {"run", "--node", kNode, "--gpus", "8"}, "0 to 7"},
        Mistake{"OneGpuForPairs",
                {"run", "--node", kNode, "--profile", "links", "--only", "nvlink.p2p", "--gpus", "3"},
                "takes more GPUs"},
        Mistake{"NoSuchLimits", {"run", "--node", kNode, "--limits", "nowhere.toml"}, "nowhere.toml"},
        Mistake{"PlantIsNoNode", {"run", "--node", "sim:plant-h200"}, "no node"},
        Mistake{"NegativeTimeScale", {"run", "--node", kNode, "--time-scale", "-1"}, "time-scale"},
        Mistake{"TimeScaleIsNoNumber", {"run", "--node", kNode, "--time-scale", "nan"}, "0.001 to 1000000"},
        Mistake{"TimeScaleIsInfinite", {"run", "--node", kNode, "--time-scale", "inf"}, "--time-scale inf"},
        Mistake{"TooManyFaults",
                [] {
                  std::vector<std::string> arguments{"run", "--node", kNode};
                  for (int i = 0; i < 17; ++i) arguments.insert(arguments.end(), {"--fault", "xid"});
                  return arguments;
                }(),
                "at most 16"},
        Mistake{"NoSuchRun", {"judge", "nowhere"}, "nowhere"},  //
        Mistake{"NoRunFolder", {"report", "configs"}, "records.jsonl"},
        Mistake{"ResumeNothing", {"resume", "configs"}, "records.jsonl"},
        Mistake{"WrongLanguage", {"report", "configs", "--lang", "fr"}, "fr"},
        Mistake{"WrongTopic", {"list", "chekcs"}, "chekcs"}),
    [](const testing::TestParamInfo<Mistake>& m) { return m.param.name; });

struct BadFiles : testing::Test {
  ScratchFolder scratch;
  Finished run_with_limits(const std::string& toml) {
    return run_simulated(scratch, {"--limits", scratch.write("limits.toml", toml)});
  }
};

TEST_F(BadFiles, AllErrorsOfAFileComeAtOnceWithTheirPlaces) {
  const Finished finished = run_with_limits(
      "[[limits]]\n"
      "check = \"memory.bandwidth\"\n"
      "measurement = \"copy_bandwith\"\n"
      "mim = \"3.8 TB/s\"\n"
      "finding = \"memory.slow\"\n");
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("limits.toml:3:"));
  EXPECT_THAT(finished.err, HasSubstr("copy_bandwidth"));
  EXPECT_THAT(finished.err, HasSubstr("limits.toml:4:"));
  EXPECT_THAT(finished.err, HasSubstr("did you mean 'min'?"));
}

TEST_F(BadFiles, RanksThatWouldOverlapAreRefused) {
  const auto body = [](const char* check) {
    return "{ check = \"" + std::string(check) + "\", duration = \"0 s\", memory_share = 0.3 }";
  };
  const std::string profile = scratch.write(
      "ranks.toml", "summary = \"s\"\nsample_hz = 10\nidle_timeout = \"5 s\"\n[[checks]]\noverlap = [" +
                        body("stress.memory") + ",\n " + body("selftest.ranks") + "]\ndeadline = \"5 s\"\n");
  const Finished finished =
      assay(scratch, {"run", "--node", "sim:h200-8gpu", "--profile", profile, "--out", scratch / "out"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("its ranks meet"));
}

TEST_F(BadFiles, ALimitOfAThousandthOfThePeakIsRefused) {
  const Finished finished = run_with_limits(
      "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"copy_bandwidth\"\nmin = \"2.333 GB/s\"\n"
      "peak = \"hbm_bandwidth\"\nfinding = \"memory.slow\"\nsource = \"a slip of a thousand\"\ndate = "
      "\"2026-11-23\"\n");
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("hbm_bandwidth"));
}

TEST_F(BadFiles, ChangedCriteriaAreNoticed) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  std::string criteria = read_text(folder + "/criteria.json");
  criteria.replace(criteria.find("\"bound\""), 7, "\"bounb\"");
  std::filesystem::remove(folder + "/criteria.json");
  scratch.write("out/" + std::filesystem::path(folder).filename().string() + "/criteria.json", criteria);
  const Finished judged = assay(scratch, {"judge", folder});
  EXPECT_EQ(judged.exit_code, 2);
  EXPECT_THAT(judged.err, HasSubstr("hash"));
}

/// Writes a file of the run anew, without the sums that would tell.
void replace_file(const std::string& folder, const std::string& name, const std::string& content) {
  std::filesystem::remove(folder + "/SHA256SUMS");
  std::ofstream(folder + "/" + name, std::ios::trunc) << content;
}

TEST_F(BadFiles, JsonThatNestsWithoutEndIsAnErrorOfItsFile) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  for (const char* name : {"records.jsonl", "plan.json", "criteria.json"}) {
    const std::string before = read_text(folder + "/" + name);
    const bool lines = std::string(name) == "records.jsonl";
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']') + "\n";
    replace_file(folder, name, lines ? before.substr(0, before.find('\n') + 1) + deep : deep);
    for (const char* verb : {"judge", "report", "resume"}) {
      const Finished finished = assay(scratch, {verb, folder});
      EXPECT_EQ(finished.exit_code, 2) << verb << " " << name << finished.err;
      EXPECT_THAT(finished.err, HasSubstr(std::string(name) + (lines ? ": line 2" : ""))) << verb;
      EXPECT_THAT(finished.err, HasSubstr("nests deeper than")) << verb << " " << name;
    }
    replace_file(folder, name, before);
  }
}

TEST_F(BadFiles, APlanThatCannotBeReadIsNoErrorOfTheCriteria) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  for (const char* number : {"1e999", "99999999999"}) {
    for (const char* name : {"plan.json", "records.jsonl"}) {
      const std::string before = read_text(folder + "/" + name);
      std::string content = before;
      const std::string key = std::string(name) == "plan.json" ? "\"index\": " : "\"index\":";
      const std::size_t value = content.find(key) + key.size();
      content.replace(value, 1, number);
      replace_file(folder, name, content);
      const Finished judged = assay(scratch, {"judge", folder});
      EXPECT_EQ(judged.exit_code, 2);
      EXPECT_THAT(judged.err, HasSubstr(name)) << number;
      EXPECT_THAT(judged.err, testing::Not(HasSubstr("criteria.json"))) << number;
      replace_file(folder, name, before);
    }
  }
}

TEST_F(BadFiles, AnUnwritableOutIsAnError) {
  scratch.write("file", "");
  const Finished finished = run_simulated(scratch, {}, "file/out");
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("--out"));
}

TEST_F(BadFiles, ErrorsOfTheSyntaxAreOneLineEach) {
  const std::string limits = scratch.write("limits.toml", "[[limits]]\ncheck = \n");
  const Finished finished = run_simulated(scratch, {"--limits", limits});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, testing::StartsWith("assay: " + limits + ":2:9: "));
  EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
}

/// The shipped simulated node with one text made this long.
std::string node_with(const ScratchFolder& scratch, const std::string& key, std::size_t length) {
  const std::string sim = ASSAY_SOURCE_DIR "/configs/sim/";
  std::filesystem::copy_file(sim + "plant-h200.toml", scratch / "plant-h200.toml",
                             std::filesystem::copy_options::overwrite_existing);
  std::string text = read_text(sim + "h200-8gpu.toml");
  const auto begin = text.find('"', text.find("\n" + key + " = ")) + 1;
  text.replace(begin, text.find('"', begin) - begin, std::string(length, 'x'));
  return "sim:" + scratch.write("node.toml", text);
}

TEST_F(BadFiles, TextsThatTheSimulatorCannotHoldAreErrorsOfTheirFile) {
  for (const char* key :
       {"gpu_name", "serial", "uuid", "board_part_number", "vbios", "driver_version", "nvml_version"}) {
    const Finished finished = assay(scratch, {"plan", "--node", node_with(scratch, key, 200)});
    EXPECT_EQ(finished.exit_code, 2) << key << finished.err;
    EXPECT_THAT(finished.err, testing::ContainsRegex(std::string("node.toml:[0-9]+:[0-9]+: '") + key + "'"));
  }
  const Finished longest = assay(scratch, {"plan", "--node", node_with(scratch, "serial", 31)});
  EXPECT_EQ(longest.exit_code, 0) << longest.err;
}

TEST_F(BadFiles, AKeyOfAHundredThousandPartsIsAnErrorOfItsFile) {
  std::string key = "a";
  for (int i = 0; i < 100'000; ++i) key += ".a";
  for (const std::string& text :
       {key + " = 1\n", "[" + key + "]\n", "x = {s = \"\\\"\", " + key + " = 1}\n"}) {
    const Finished run =
        assay(scratch, {"plan", "--node", "sim:h200-8gpu", "--profile", scratch.write("deep.toml", text)});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("deep.toml: a key of more than 100 parts"));
  }
}

TEST_F(BadFiles, ADeadlineThatNoClockHoldsIsAnErrorOfItsFile) {
  const std::string profile =
      scratch.write("long.toml",
                    "summary = \"long\"\nsample_hz = 10\nidle_timeout = \"5 s\"\n[[checks]]\ncheck = "
                    "\"inventory.gpus\"\nduration = \"0 s\"\ndeadline = \"1e10 s\"\n");
  const Finished run = assay(scratch, {"plan", "--node", "sim:h200-8gpu", "--profile", profile});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("long.toml:7:"));
}

TEST_F(BadFiles, ASiteThatPutsOneGpuIntoTwoSlotsOrASlotThatIsNotThereIsRefused) {
  for (const auto& [text, reason] :
       {std::pair{"[slot_pci_addresses]\ngpu4 = \"0000:4c:00.0\"\n", "in two slots"},
        std::pair{"[slot_pci_addresses]\ngpu9 = \"0000:4c:00.0\"\n",
                  "gpu9, and SKU h200-sxm-8 has no such slot"},
        std::pair{"[warmer_air]\ngpu8 = \"5 degC\"\n", "gpu8, and SKU h200-sxm-8 has no such slot"}}) {
    const std::string site = scratch.write("site.toml", text);
    const Finished run = assay(
        scratch, {"plan", "--node", "sim:h200-8gpu", "--fault", "gpu-missing:part=gpu4", "--site", site});
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_THAT(run.err, HasSubstr(reason));
  }
}

TEST_F(BadFiles, NodesThatAreOfferedAreNoPlants) {
  for (const char* node : {"nowhere", "sim:nowhere"}) {
    const Finished finished = assay(scratch, {"plan", "--sku", "h200-sxm-8", "--node", node});
    EXPECT_THAT(finished.err, HasSubstr("h200-1gpu, h200-8gpu"));
    EXPECT_THAT(finished.err, testing::Not(HasSubstr("plant-h200")));
  }
}

struct BadOut : testing::Test {
  ScratchFolder scratch;
  Finished run_into(const std::string& out) {
    return assay(scratch, {"run", "--node", kNode, "--seed", "7", "--out", out});
  }
  /// A folder in the scratch folder whose path has this many bytes.
  std::string long_path(std::size_t length) const {
    std::string path = scratch.path().string();
    while (path.size() + 100 < length) path += "/" + std::string(98, 'd');
    return path + "/" + std::string(length - path.size() - 1, 'd');
  }
};

TEST_F(BadOut, ThatIsNoUtf8IsSaid) {
  const Finished finished = run_into(scratch / "caf\xe9");
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("--out "));
  EXPECT_THAT(finished.err, HasSubstr("not valid UTF-8"));
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()) || !std::filesystem::exists(scratch / "caf\xe9"));
}

TEST_F(BadOut, ThatIsTooLongIsSaid) {
  for (const std::string& out :
       {scratch / std::string(300, 'n'), long_path(3850), long_path(4090), long_path(5000)}) {
    const Finished finished = run_into(out);
    EXPECT_EQ(finished.exit_code, 2) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("File name too long"));
  }
}

TEST_F(BadOut, ThatIsLongAndFitsIsTaken) {
  const Finished finished = run_into(long_path(3700));
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
}

TEST_F(BadOut, AProfileMayBeNamedAnyhow) {
  const std::string name = std::string(120, 'n') + "\n序";
  const std::string profile = scratch / name + ".toml";
  std::filesystem::copy_file(ASSAY_SOURCE_DIR "/configs/profiles/quick.toml", profile);
  const Finished finished =
      assay(scratch, {"run", "--node", kNode, "--seed", "7", "--profile", profile, "--out", scratch / "out"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(only_run(scratch), testing::EndsWith("-own-" + std::string(40, 'n')));
}

TEST(Output, OfWorkersThatAreThreadsIsTheJsonAlone) {
  const ScratchFolder scratch;
  const Finished finished =
      run_simulated(scratch, {"--workers", "thread", "--json", "--fault", "device-call-fails"});
  EXPECT_EQ(finished.exit_code, 11) << finished.err;
  EXPECT_TRUE(nlohmann::json::accept(finished.out)) << finished.out.substr(0, 300);
}

TEST(Output, OfChildrenIsNothingInANormalRun) {
  const ScratchFolder scratch;
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  EXPECT_EQ(read_text(only_run(scratch) + "/children.log"), "");
}

TEST(NoDriver, IsInconclusiveAndNeverASimulatedNode) {
  const ScratchFolder scratch;
  const Finished finished = assay(scratch, {"run", "--sku", "h200-sxm-8", "--out", scratch / "out"});
  if (finished.exit_code != 11) GTEST_SKIP() << "this machine has a driver";
  EXPECT_THAT(finished.err, HasSubstr("driver"));
  EXPECT_THAT(finished.err, HasSubstr("assay doctor"));
  EXPECT_THAT(finished.err + finished.out, testing::Not(HasSubstr("SIMULATED")));
  EXPECT_FALSE(std::filesystem::exists(scratch / "out"));
}

TEST(Doctor, SaysWhatIsMissingAndHowToMendIt) {
  const ScratchFolder scratch;
  const Finished finished = assay(scratch, {"doctor"});
  EXPECT_THAT(finished.out, HasSubstr("NVIDIA driver"));
  EXPECT_THAT(finished.out, HasSubstr("kernel log"));
  EXPECT_TRUE(finished.exit_code == 0 || finished.exit_code == 11);
}

}  // namespace
}  // namespace assay
