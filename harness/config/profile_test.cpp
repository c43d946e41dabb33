#include "harness/config/profile.h"

#include <gtest/gtest.h>

#include "harness/config/profile_reader.h"
#include "harness/config/test_files.h"

namespace assay::config {
namespace {

const std::string kHead = "summary = \"s\"\nsample_hz = 5\nidle_timeout = \"30 s\"\n";  // three lines

std::string check(const std::string& name, const std::string& duration, const std::string& deadline) {
  return "[[checks]]\ncheck = \"" + name + "\"\nduration = \"" + duration + "\"\ndeadline = \"" + deadline +
         "\"\n";
}

Profile read(const std::string& content, std::string* errors) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  Profile profile = read_profile(folder.write("mine.toml", content), test_vocabulary(), diagnostics);
  *errors = errors_of(diagnostics);
  return profile;
}

std::string errors_of_profile(const std::string& content) {
  std::string errors;
  read(content, &errors);
  return errors;
}

TEST(Profile, IsReadWhole) {
  std::string errors;
  const Profile profile = read(kHead + check("memory.bandwidth", "2 s", "60 s"), &errors);
  EXPECT_EQ(errors, "");
  EXPECT_EQ(profile.name, "mine");
  EXPECT_EQ(profile.sample_hz, 5);
  EXPECT_EQ(profile.idle_timeout_s, 30);
  ASSERT_EQ(profile.checks.size(), 1u);
  EXPECT_EQ(profile.checks[0].bodies.at(0).check, "memory.bandwidth");
  EXPECT_EQ(profile.checks[0].bodies[0].duration_s, 2);
  EXPECT_EQ(profile.checks[0].deadline_s, 60);
}

TEST(Profile, RoundsRepeatTheWholeList) {
  std::string errors;
  const Profile profile = read("rounds = 3\n" + kHead + check("memory.bandwidth", "0 s", "9 s") +
                                   check("memory.bandwidth", "2 s", "9 s"),
                               &errors);
  EXPECT_EQ(errors, "");
  ASSERT_EQ(profile.checks.size(), 6u);
  EXPECT_EQ(profile.checks[4].bodies[0].duration_s, 0);
  EXPECT_EQ(profile.checks[5].bodies[0].duration_s, 2);
}

TEST(Profile, ChecksMustExistAndRun) {
  EXPECT_EQ(errors_of_profile(kHead + check("memory.bandwith", "0 s", "9 s")),
            "5:9: there is no check 'memory.bandwith'; did you mean 'memory.bandwidth'?\n");
  EXPECT_EQ(errors_of_profile(kHead + check("telemetry", "0 s", "9 s")),
            "5:9: there is no check 'telemetry'; there are: memory.bandwidth\n");
  EXPECT_EQ(errors_of_profile(kHead), "1:1: a profile has at least one [[checks]]\n");
}

TEST(Profile, TimesMustFitTogether) {
  EXPECT_EQ(
      errors_of_profile(kHead + check("memory.bandwidth", "20 s", "9 s")),
      "7:12: 'deadline' (9 s) must be longer than 'duration' (20 s): it would stop a good GPU's worker\n");
  EXPECT_EQ(errors_of_profile(kHead + check("memory.bandwidth", "2 min", "60 s")),
            "6:12: 'duration': \"2 min\" is in 'min': s is expected, such as \"5 s\"\n");
  EXPECT_NE(errors_of_profile(kHead + check("memory.bandwidth", "-1 s", "60 s")), "");
}

TEST(Profile, SamplingHasARange) {
  EXPECT_EQ(errors_of_profile("summary = \"s\"\nsample_hz = 0\nidle_timeout = \"0 s\"\n" +
                              check("memory.bandwidth", "0 s", "9 s")),
            "2:13: 'sample_hz' must be a whole number from 1 to 100, not 0\n3:16: must be above 0 s\n");
}

}  // namespace
}  // namespace assay::config
