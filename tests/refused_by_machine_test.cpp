// A machine that has no room, no descriptors, no processes left, or takes a folder away: exit 11 with the
// reason, never a signal, never a bug, never an ACCEPT that rests on half of the records.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "tests/assay_process.h"

namespace assay {
namespace {

using namespace testing_tools;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

constexpr std::size_t kShortestReason = 100;

void limit(int resource, rlim_t most) {
  const rlimit both{most, most};
  if (setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) _exit(126);
}

void write_to(const char* file) {
  const int fd = open(file, O_WRONLY);
  if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) _exit(126);
}

void write_to_a_reader_that_has_left() {
  int fds[2];
  if (pipe(fds) != 0 || dup2(fds[1], STDOUT_FILENO) < 0) _exit(126);
  close(fds[0]);
  close(fds[1]);
}

struct RefusedByMachine : testing::Test {
  ScratchFolder scratch;

  std::vector<std::string> quick(const std::string& out) const {
    return {"run", "--node", "sim:h200-8gpu", "--seed", "7", "--out", scratch / out};
  }

  /// INCONCLUSIVE with a reason; or a verdict, and then with all the records that it rests on.
  void expect_honest(const Finished& run, const std::string& out, const std::string& what) {
    EXPECT_THAT(run.exit_code, AnyOf(0, 11)) << what << "\n" << run.err;
    EXPECT_THAT(run.err, Not(HasSubstr("internal error"))) << what;
    const bool has_verdict = run.out.find("VERDICT") != std::string::npos;
    const bool could_say_why =
        run.err.size() > kShortestReason;  // standard error is a file that may not grow either
    if (run.exit_code == 11 && !has_verdict && could_say_why) {
      EXPECT_THAT(run.err, HasSubstr("INCONCLUSIVE")) << what;
    }
    if (run.exit_code != 0) return;
    EXPECT_EQ(assay(scratch, {"judge", only_run(scratch, out)}).exit_code, 0) << what;
    EXPECT_THAT(records(only_run(scratch, out)).back().dump(), HasSubstr("testRunEnd")) << what;
  }
};

TEST_F(RefusedByMachine, FilesThatMayNotGrow) {
  bool accepted = false, refused = false;
  for (const rlim_t most : std::initializer_list<rlim_t>{
           0,       1,       100,     500,     1'000,     2'000,         4'096,  8'000,
           12'000,  16'000,  20'000,  30'000,  40'000,    50'000,        70'000, 100'000,
           150'000, 200'000, 300'000, 500'000, 1'000'000, 20'000'000'000}) {
#if defined(ASSAY_THREAD_SANITIZER)
    if (most == 0) continue;  // the sanitizer's own start writes a file
#endif
    const std::string out = "size" + std::to_string(most);
    const Finished run = assay(scratch, quick(out), [&] { limit(RLIMIT_FSIZE, most); });
    expect_honest(run, out, out);
    accepted = accepted || run.exit_code == 0;
    refused = refused || run.exit_code == 11;
  }
  EXPECT_TRUE(accepted && refused) << "the sweep does not reach over the sizes that matter";
}

TEST_F(RefusedByMachine, TooFewDescriptors) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP()
      << "the sanitizer opens a pipe to tell whether an object can be read, and calls it invalid without";
#endif
  int tried = 0;
  for (rlim_t most = 4; most <= 32; ++most) {
    const auto few = [most] { limit(RLIMIT_NOFILE, most); };
    if (assay(scratch, {"--version"}, few).exit_code != 0)
      continue;  // the loader does not come as far as main()
    const std::string out = "descriptors" + std::to_string(most);
    expect_honest(assay(scratch, quick(out), few), out, out);
    ++tried;
  }
  EXPECT_GT(tried, 20);
}

TEST_F(RefusedByMachine, TooFewProcesses) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become a user who has no process yet";
  constexpr uid_t kSomebody = 64'321;
  fs::permissions(scratch.path(), fs::perms::all);
  const auto as_somebody = [](rlim_t most) {
    return [most] {
      if (setgid(kSomebody) != 0 || setuid(kSomebody) != 0 || access(ASSAY_BINARY, X_OK) != 0) _exit(126);
      limit(RLIMIT_NPROC, most);
    };
  };
  if (assay(scratch, {"--version"}, as_somebody(1)).exit_code != 0)
    GTEST_SKIP() << "the binary is in a folder that others cannot enter";
  for (const rlim_t most : {1, 2, 5, 8, 12, 16}) {
    const std::string out = "processes" + std::to_string(most);
    expect_honest(assay(scratch, quick(out), as_somebody(most)), out, out);
  }
}

TEST_F(RefusedByMachine, ADiskThatIsFull) {
  if (geteuid() != 0) GTEST_SKIP() << "only root mounts a small disk";
  fs::create_directory(scratch / "disk");
  const auto on_disk_of = [&](const char* size) {
    return [this, options = std::string("size=") + size] {
      if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          mount("tmpfs", (scratch / "disk").c_str(), "tmpfs", 0, options.c_str()) != 0) {
        _exit(126);
      }
    };
  };
  if (assay(scratch, {"--version"}, on_disk_of("4k")).exit_code != 0)
    GTEST_SKIP() << "no mount namespace of its own may be made here";
  for (const char* size : {"4k", "32k", "64k", "128k", "256k", "512k", "8m"}) {
    const Finished run = assay(scratch, quick("disk/out"), on_disk_of(size));
    EXPECT_THAT(run.exit_code, AnyOf(0, 11)) << size << "\n" << run.err;
    EXPECT_THAT(run.err, Not(HasSubstr("internal error"))) << size;
    if (std::string(size) == "4k") {
      EXPECT_THAT(run.err, HasSubstr("No space left on device"));
    }
  }
}

TEST_F(RefusedByMachine, ARunFolderThatIsTakenAway) {
  auto arguments = quick("out");
  arguments.insert(arguments.end(), {"--time-scale", "10"});
  Running run(scratch, arguments);
  const auto begun = [&] {
    for (const auto& entry : fs::directory_iterator(scratch / "out")) {
      if (read_text(entry.path() / "records.jsonl").find("memory.bandwidth-gpu7") != std::string::npos)
        return true;
    }
    return false;
  };
  ASSERT_TRUE(Running::wait_for([&] { return fs::exists(scratch / "out") && begun(); }));
  fs::rename(only_run(scratch), scratch / "elsewhere");
  const Finished finished = run.wait();
  EXPECT_EQ(finished.exit_code, 11) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("No such file or directory"));
}

TEST_F(RefusedByMachine, AnAnswerThatCannotBeWritten) {
  ASSERT_EQ(run_simulated(scratch).exit_code, 0);
  const std::string folder = only_run(scratch);
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{{"judge", folder},
                                             {"judge", folder, "--json"},
                                             {"report", folder},
                                             {"report", folder, "--format", "html"},
                                             {"list"},
                                             {"plan", "--node", "sim:h200-8gpu"},
                                             {"run", "--node", "sim:h200-8gpu", "--out", scratch / "another"},
                                             {"--version"},
                                             {"--help"}}) {
    const Finished finished = assay(scratch, verb, [] { write_to("/dev/full"); });
    EXPECT_EQ(finished.exit_code, 11) << verb[0] << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("No space left on device")) << verb[0];
  }
}

TEST_F(RefusedByMachine, AReaderThatLeavesIsNoError) {
  ASSERT_EQ(run_simulated(scratch, {"--fault", "slow-hbm"}).exit_code, 10);
  const std::string folder = only_run(scratch);
  const auto with_no_reader = [&](const std::vector<std::string>& verb) {
    const Finished finished = assay(scratch, verb, write_to_a_reader_that_has_left);
    EXPECT_EQ(finished.err, "") << verb[0];
    return finished.exit_code;
  };
  EXPECT_EQ(with_no_reader({"report", folder}), 0);
  EXPECT_EQ(with_no_reader({"report", folder, "--format", "html"}), 0);
  EXPECT_EQ(with_no_reader({"judge", folder}), 10);
  EXPECT_EQ(with_no_reader({"judge", folder, "--json"}), 10);
  EXPECT_EQ(with_no_reader({"list"}), 0);
  EXPECT_EQ(with_no_reader({"plan", "--node", "sim:h200-8gpu"}), 0);
  EXPECT_EQ(with_no_reader({"run", "--node", "sim:h200-8gpu", "--quiet", "--seed", "7", "--fault", "slow-hbm",
                            "--out", scratch / "unread"}),
            10);
  EXPECT_TRUE(fs::exists(only_run(scratch, "unread") + "/SHA256SUMS"));
}

}  // namespace
}  // namespace assay
