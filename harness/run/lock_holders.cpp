#include "harness/run/lock_holders.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace assay::run {
namespace {

namespace fs = std::filesystem;

bool has_open(const fs::path& process, const std::string& folder) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(process / "fd", error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code unreadable;
    if (fs::read_symlink(entry->path(), unreadable) == folder && !unreadable) return true;
  }
  return false;
}

std::string command_of(const fs::path& process) {
  std::ifstream file(process / "cmdline", std::ios::binary);
  std::string command{std::istreambuf_iterator<char>(file), {}};
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::replace(command.begin(), command.end(), '\0', ' ');
  return command;
}

/// Behind the last ')': a command may hold any character.
char state_of(const fs::path& process) {
  std::ifstream file(process / "stat");
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  const auto end = stat.rfind(')');
  return end != std::string::npos && end + 2 < stat.size() ? stat[end + 2] : '?';
}

}  // namespace

std::vector<LockHolder> lock_holders(const std::string& folder) {
  std::vector<LockHolder> holders;
  std::error_code error;
  for (auto entry = fs::directory_iterator("/proc", error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const pid_t pid = std::stoi(name);
    if (pid == getpid() || !has_open(entry->path(), folder)) continue;
    LockHolder holder{pid, command_of(entry->path()), state_of(entry->path())};
    holder.is_child = holder.command.find(" __") != std::string::npos;
    holders.push_back(std::move(holder));
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
