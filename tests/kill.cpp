#include "tests/kill.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

namespace assay::testing_tools {

namespace fs = std::filesystem;

std::string published_run(const std::string& out) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(out, error)) {
    if (entry.path().filename().string().front() != '.') return entry.path().string();
  }
  return "";
}

bool has_written(const std::string& out, const std::string& text) {
  const std::string run = published_run(out);
  return !run.empty() && read_text(run + "/records.jsonl").find(text) != std::string::npos;
}

std::uintmax_t size_of_records(const std::string& out) {
  const std::string run = published_run(out);
  std::error_code error;
  const auto size = run.empty() ? 0 : fs::file_size(run + "/records.jsonl", error);
  return error ? 0 : size;
}

bool lives(pid_t process) {
  const std::string stat = read_text("/proc/" + std::to_string(process) + "/stat");
  const auto end = stat.rfind(')');
  return end != std::string::npos && stat.compare(end, 3, ") Z") != 0;
}

bool all_end(const std::vector<pid_t>& processes) {
  return Running::wait_for([&] { return std::none_of(processes.begin(), processes.end(), lives); });
}

std::string killed_run(const ScratchFolder& scratch) {
  Running run(scratch, {"run", "--node", "sim:configs/sim/h200-8gpu.toml", "--seed", "7", "--time-scale",
                        "10", "--out", scratch / "out"});
  EXPECT_TRUE(Running::wait_for([&] { return has_written(scratch / "out", "memory.sweep-gpu7"); }));
  kill(run.pid(), SIGKILL);
  run.wait();
  return only_run(scratch);
}

bool kill_at_size(const ScratchFolder& scratch, const std::vector<std::string>& arguments,
                  const std::string& out, std::uintmax_t bytes) {
  const Running run(scratch, arguments);
  for (;;) {
    int status = 0;
    if (waitpid(run.pid(), &status, WNOHANG) == run.pid()) return false;
    if (size_of_records(out) >= bytes) break;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  kill(run.pid(), SIGKILL);
  int status = 0;
  waitpid(run.pid(), &status, 0);
  return WIFSIGNALED(status);
}

}  // namespace assay::testing_tools
