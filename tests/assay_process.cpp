#include "tests/assay_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace assay::testing_tools {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string only_run(const ScratchFolder& scratch, const std::string& out) {
  const fs::path folder = scratch.path() / out;
  std::vector<std::string> runs;
  if (fs::exists(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) runs.push_back(entry.path().string());
  }
  EXPECT_EQ(runs.size(), 1u) << "run folders in " << folder;
  return runs.empty() ? "" : runs.front();
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  // A file of /proc whose process has ended meanwhile fails to be read: operator<< keeps that to itself.
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Running::Running(const ScratchFolder& scratch, const std::vector<std::string>& arguments,
                 const std::function<void()>& in_child, const std::string& binary)
    : out_(scratch / "stdout"), err_(scratch / "stderr"), pid_(fork()) {
  if (pid_ != 0) return;
  std::vector<std::string> words{binary};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(open(out_.c_str(), kFlags, 0644), STDOUT_FILENO);
  dup2(open(err_.c_str(), kFlags, 0644), STDERR_FILENO);
  if (in_child) in_child();
  if (chdir(ASSAY_SOURCE_DIR) == 0) execv(binary.c_str(), argv.data());
  _exit(127);
}

std::vector<pid_t> Running::children(const std::string& word) const {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string pid, command, state;
    pid_t parent = 0;
    stat >> pid >> command >> state >> parent;
    if (parent == pid_ && state != "Z" &&
        read_text(entry.path() / "cmdline").find(word) != std::string::npos) {
      found.push_back(std::stoi(name));
    }
  }
  return found;
}

void Running::pause() {
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

Finished Running::wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_text(out_), read_text(err_)};
}

Finished assay(const ScratchFolder& scratch, const std::vector<std::string>& arguments,
               const std::function<void()>& in_child, const std::string& binary) {
  return Running(scratch, arguments, in_child, binary).wait();
}

Finished run_simulated(const ScratchFolder& scratch, const std::vector<std::string>& arguments,
                       const std::string& out) {
  std::vector<std::string> words{"run",   "--node",     "sim:configs/sim/h200-8gpu.toml", "--seed", "7",
                                 "--out", scratch / out};
  if (std::find(arguments.begin(), arguments.end(), "--profile") == arguments.end())
    words.insert(words.end(), {"--profile", "quick"});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return assay(scratch, words);
}

std::string selftest_profile(const ScratchFolder& scratch, const std::string& check,
                             const std::string& deadline) {
  return scratch.write("alone.toml",
                       "summary = \"one self-test\"\nsample_hz = 10\nidle_timeout = \"5 s\"\n\n"
                       "[[checks]]\ncheck = \"selftest." +
                           check + "\"\nduration = \"0 s\"\ndeadline = \"" + deadline + "\"\n");
}

std::string copy_bandwidth_limit(const ScratchFolder& scratch, const std::string& kind,
                                 const std::string& bound) {
  return scratch.write("limits.toml",
                       "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"copy_bandwidth\"\n" + kind +
                           " = \"" + bound +
                           "\"\npeak = \"hbm_bandwidth\"\nfinding = \"memory.slow\"\n"
                           "source = \"the test\"\ndate = \"2026-11-23\"\n");
}

nlohmann::json judge(const ScratchFolder& scratch, const std::string& run) {
  const Finished finished = assay(scratch, {"judge", run, "--json"});
  auto judgement = nlohmann::json::parse(finished.out, nullptr, false);
  EXPECT_TRUE(judgement.is_object()) << finished.out << finished.err;
  return judgement;
}

std::vector<std::string> accusations(const nlohmann::json& judgement) {
  std::vector<std::string> result;
  for (const auto& finding : judgement.at("findings")) {
    result.push_back(finding.at("code").get<std::string>() + "@" + finding.at("part").get<std::string>());
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<nlohmann::json> records(const std::string& run) {
  std::ifstream file(run + "/records.jsonl");
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace assay::testing_tools
