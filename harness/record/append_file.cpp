#include "harness/record/append_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "harness/base/files.h"
#include "harness/record/torn_tail.h"

namespace assay::record {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what, int error) {
  throw JournalError(fmt::format("{}: {}: {}", path, what, std::generic_category().message(error)));
}
[[noreturn]] void fail(const std::string& path, const char* what) {
  fail(path, what, errno);
}

}  // namespace

AppendFile AppendFile::create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) fail(path, "cannot create");
  AppendFile file(descriptor, path);
  file.lock();
  if (const int error = sync_folder_of(path); error != 0) fail(path, "cannot sync the folder", error);
  return file;
}

AppendFile AppendFile::open(const std::string& path, std::size_t length) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor < 0) fail(path, "cannot open");
  AppendFile file(descriptor, path);
  file.lock();
  cut_torn_tail(descriptor, path, length);
  return file;
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      failed_(other.failed_) {}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AppendFile::lock() {
  // A writer that was killed this moment lets go of its files one after another.
  constexpr auto kPoll = std::chrono::milliseconds(10);
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK && errno != EINTR) fail(path_, "cannot lock");
    std::this_thread::sleep_for(kPoll);
  }
  throw JournalError(path_ + ": another process is writing this run");
}

void AppendFile::write(std::string_view bytes) {
  if (failed_) throw JournalError(path_ + ": an earlier write failed");
  if (const int error = write_all(descriptor_, bytes); error != 0) {
    failed_ = true;
    fail(path_, "cannot write", error);
  }
}

void AppendFile::sync() {
  if (failed_) throw JournalError(path_ + ": an earlier write failed");
  if (::fdatasync(descriptor_) != 0) {
    failed_ = true;  // the kernel may have dropped the dirty pages: a second fdatasync would lie
    fail(path_, "cannot sync");
  }
}

}  // namespace assay::record
