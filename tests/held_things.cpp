#include "tests/held_things.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace assay::testing_tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSharedMemory = "/dev/shm/";

/// Inodes of all sockets of this machine that listen: the state 0A of proc(5), /proc/net/tcp.
std::set<std::string> all_listeners() {
  std::set<std::string> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
      words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >>
          inode;
      if (state == "0A") inodes.insert(inode);
    }
  }
  return inodes;
}

/// The file in shared memory that the line or link names; empty for another.
std::string shared_file_in(const std::string& text) {
  const auto begins = text.find(kSharedMemory);
  return begins == std::string::npos ? "" : text.substr(begins);
}

void add_files_mapped(const fs::path& process, HeldThings& held) {
  std::ifstream maps(process / "maps");
  for (std::string line; std::getline(maps, line);) {
    if (const std::string file = shared_file_in(line); !file.empty()) held.files.insert(file);
  }
}

}  // namespace

void HeldThings::add(const HeldThings& others) {
  listeners.insert(others.listeners.begin(), others.listeners.end());
  files.insert(others.files.begin(), others.files.end());
}

HeldThings held_by(const std::vector<pid_t>& processes) {
  HeldThings held;
  const std::set<std::string> listening = all_listeners();
  for (const pid_t pid : processes) {
    const fs::path process = "/proc/" + std::to_string(pid);
    add_files_mapped(process, held);
    std::error_code error;
    for (fs::directory_iterator at(process / "fd", error), end; !error && at != end; at.increment(error)) {
      std::error_code gone;
      const std::string target = fs::read_symlink(at->path(), gone).string();
      if (target.rfind("socket:[", 0) == 0) {
        const std::string inode = target.substr(8, target.size() - 9);
        if (listening.count(inode) > 0) held.listeners.insert(inode);
      }
      if (const std::string file = shared_file_in(target); !file.empty()) held.files.insert(file);
    }
  }
  return held;
}

HeldThings left_of(const HeldThings& held) {
  HeldThings left;
  for (const std::string& inode : all_listeners()) {
    if (held.listeners.count(inode) > 0) left.listeners.insert(inode);
  }
  for (const std::string& file : held.files) {
    if (fs::exists(file)) left.files.insert(file);
  }
  return left;
}

}  // namespace assay::testing_tools
