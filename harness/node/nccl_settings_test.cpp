#include "harness/node/nccl_settings.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "harness/node/nccl_client.h"
#include "harness/node_real/real_backend.h"

namespace assay {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> made_by(const std::string& text) {
  return settings_made_by(text, [](const std::string& name) { return name == "NCCL_ALGO"; });
}

TEST(NcclSettings, AreTheVariablesThatTheEnvironmentDoesNotHave) {
  EXPECT_THAT(made_by("NCCL_ALGO=Ring\nNCCL_P2P_DISABLE=1\nCUDA_LAUNCH_BLOCKING=1\n"),
              ElementsAre("NCCL_P2P_DISABLE=1", "CUDA_LAUNCH_BLOCKING=1"));
}

TEST(NcclSettings, NeedNoNewlineAtTheEndAndMayBeEmpty) {
  EXPECT_THAT(made_by("NCCL_TOPO_FILE=/a=b.xml\nNCCL_NTHREADS="),
              ElementsAre("NCCL_TOPO_FILE=/a=b.xml", "NCCL_NTHREADS="));
}

TEST(NcclSettings, OfTwoOfOneNameTheFirstCounts) {
  EXPECT_THAT(made_by("NCCL_DEBUG=INFO\nNCCL_DEBUG=WARN\n"), ElementsAre("NCCL_DEBUG=INFO"));
}

/// setEnvFile skips lines that begin with # or have no =, and takes a space before a name as part of it.
TEST(NcclSettings, WhatNcclDoesNotReadIsNone) {
  EXPECT_THAT(made_by(""), IsEmpty());
  EXPECT_THAT(made_by("#NCCL_DEBUG=INFO\n # NCCL_DEBUG=INFO\n NCCL_DEBUG=INFO\nNCCL_DEBUG\n\nPATH=/bin\n"),
              IsEmpty());
}

bool is_set(const std::string& name) {
  return std::getenv(name.c_str()) != nullptr;
}

std::vector<std::string> variables_of_nccl() {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (std::string_view(*variable).substr(0, 5) == "NCCL_") all.emplace_back(*variable);
  }
  std::sort(all.begin(), all.end());
  return all;
}

enum Outcome { same, another, no_library, no_namespace };

/// In a process of its own, on whose /etc nothing else lies.
Outcome hold_to_the_real_one(const std::string& text) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", "/etc", "tmpfs", 0, "size=1m") != 0)
    return no_namespace;
  std::ofstream(kNcclSettingsFile) << text;
  for (const std::string& variable : variables_of_nccl())
    unsetenv(variable.substr(0, variable.find('=')).c_str());
  setenv("NCCL_CONF_FILE", "/dev/null", 1);
  setenv("NCCL_SOCKET_IFNAME", "lo", 1);
  setenv("NCCL_ALGO", "Tree", 1);
  std::vector<std::string> expected = variables_of_nccl();
  for (const std::string& made : settings_made_by(text, is_set)) expected.push_back(made);
  std::sort(expected.begin(), expected.end());
  std::string why_not;
  auto library = open_real_nccl(why_not);
  if (library == nullptr) return no_library;
  const auto nccl = Nccl::open(std::move(library), why_not);
  if (nccl == nullptr) return no_library;
  nccl->make_id();
  return variables_of_nccl() == expected ? same : another;
}

TEST(NcclSettings, AreReadAsTheRealLibraryReadsThem) {
  const pid_t child = fork();
  if (child == 0) {
    _Exit(
        hold_to_the_real_one("NCCL_ALGO=Ring\nNCCL_P2P_DISABLE=1\n NCCL_SPACE=1\n# NCCL_HASH=1\nNCCL_DUP=a\n"
                             "NCCL_DUP=b\nNCCL_NONE\nNCCL_EMPTY=\n\nNCCL_TRAIL=1 \nNCCL_LAST=x"));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == no_library) GTEST_SKIP() << "no NCCL on this machine";
  if (WEXITSTATUS(status) == no_namespace) GTEST_SKIP() << "no mount namespace of its own may be made here";
  EXPECT_EQ(WEXITSTATUS(status), same);
}

}  // namespace
}  // namespace assay
