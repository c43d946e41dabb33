#include "harness/run/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "harness/base/files.h"
#include "harness/base/machine_refused.h"
#include "harness/base/parse_json.h"
#include "harness/base/text.h"

namespace assay::run {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStagePrefix = ".starting-";
constexpr std::size_t kRoomForFiles = 2 + NAME_MAX + sizeof("simulated-kernel.log");  // "/RUN/FILE"

/// Left behind by a run that was killed while it was planned: nobody holds its lock.
void remove_abandoned_stages(const std::string& out) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(out, ignored)) {
    if (entry.path().filename().string().rfind(kStagePrefix, 0) != 0) continue;
    const Descriptor folder(::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder && flock(folder.get(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

RunFolder RunFolder::stage(const std::string& out) {
  const std::string place = fs::absolute(out).lexically_normal().string();
  if (!is_utf8(place)) throw std::runtime_error(place + ": this is not valid UTF-8");
  if (place.size() + kRoomForFiles > PATH_MAX) throw MachineRefused(out, ENAMETOOLONG);
  std::error_code error;
  fs::create_directories(out, error);
  if (error) throw MachineRefused(out, error.value());
  remove_abandoned_stages(out);
  std::string path = out + "/" + kStagePrefix + "XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw MachineRefused(out, errno);
  fs::permissions(path, fs::perms(0755), error);
  RunFolder folder(out, fs::absolute(path).lexically_normal().string(), true);
  folder.lock();
  return folder;
}

RunFolder RunFolder::open(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error))
    throw std::runtime_error(path + ": no such run folder" + (error ? " (" + error.message() + ")" : ""));
  RunFolder folder({}, fs::absolute(path).lexically_normal().string(), false);
  while (folder.path_.size() > 1 && folder.path_.back() == '/') folder.path_.pop_back();
  for (const std::string& name : own_files()) {
    const auto type = fs::status(folder.path_ + "/" + name, error).type();
    if (type != fs::file_type::not_found && type != fs::file_type::regular)
      throw std::runtime_error(folder.path_ + "/" + name + ": is no ordinary file");
  }
  if (!fs::exists(folder.records(), error)) {
    throw std::runtime_error(path + ": is no run folder (it has no records.jsonl)");
  }
  return folder;
}

RunFolder::~RunFolder() {
  if (!staged_ || path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

const std::vector<std::string>& RunFolder::own_files() {
  static const std::vector<std::string> names{"plan.json",         "criteria.json", "records.jsonl",
                                              "telemetry.csv.zst", "report.html",   "children.log"};
  return names;
}

bool RunFolder::is_named_simulated() const {
  return fs::path(path_).filename().string().rfind(kSimulatedNamePrefix, 0) == 0;
}

void RunFolder::publish(const std::string& name) {
  const std::string base = (fs::path(path_).parent_path() / name).string();
  for (int attempt = 1;; ++attempt) {
    const std::string target = attempt == 1 ? base : base + "-" + std::to_string(attempt);
    // renameat2 refuses an existing target, where rename() would replace an empty folder.
    if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0) {
      path_ = target;
      staged_ = false;
      return;
    }
    if (errno != EEXIST) throw MachineRefused(target, errno);
  }
}

bool RunFolder::lock() {
  const Descriptor folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw MachineRefused(path_, errno);
  // Above the descriptors that a child finds its own files at.
  lock_ = Descriptor(fcntl(folder.get(), F_DUPFD_CLOEXEC, ipc::kRunLockDescriptor + 1));
  if (!lock_) throw MachineRefused(path_, errno);
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) throw MachineRefused(path_ + ": cannot be locked", errno);
  return false;
}

}  // namespace assay::run
