#include "harness/run/lock_holders.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace assay::run {
namespace {

namespace fs = std::filesystem;

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool has_open(const fs::path& process, const struct stat& folder) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(process / "fd", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    struct stat info {};
    if (stat(entry->path().c_str(), &info) == 0 && is_same(info, folder)) return true;
  }
  return false;
}

std::vector<std::string> arguments_of(const fs::path& process) {
  std::ifstream file(process / "cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

/// Behind the last ')': a command may hold any character.
char state_of(const fs::path& process) {
  std::ifstream file(process / "stat");
  std::string stat;
  std::getline(file, stat);
  const auto end = stat.rfind(')');
  return end != std::string::npos && end + 2 < stat.size() ? stat[end + 2] : '?';
}

}  // namespace

std::vector<LockHolder> lock_holders(const std::string& folder) {
  std::vector<LockHolder> holders;
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) return holders;
  std::error_code error;
  for (auto entry = fs::directory_iterator("/proc", error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t pid = 0;
    const char* const end = name.data() + name.size();
    if (std::from_chars(name.data(), end, pid).ptr != end) continue;
    if (pid == getpid() || !has_open(entry->path(), info)) continue;
    const std::vector<std::string> arguments = arguments_of(entry->path());
    const bool is_child = arguments.size() > 1 && arguments[1].rfind("__", 0) == 0;
    holders.push_back({pid, fmt::format("{}", fmt::join(arguments, " ")), state_of(entry->path()), is_child});
  }
  return holders;
}

std::string describe(const std::vector<LockHolder>& holders) {
  std::string text;
  for (const LockHolder& holder : holders) {
    text += fmt::format("{}process {} ({}, state {})", text.empty() ? "" : ", ", holder.pid, holder.command,
                        holder.state);
  }
  return text.empty() ? "a process that /proc does not show" : text;
}

}  // namespace assay::run
