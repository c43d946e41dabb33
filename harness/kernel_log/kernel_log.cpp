#include "harness/kernel_log/kernel_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <utility>

#include "harness/kernel_log/scanner.h"

namespace assay::kernel_log {
namespace {

constexpr const char* kOvertaken = "the kernel's log ring overtook us: records were lost";
constexpr std::size_t kBufferBytes = 256 << 10;
constexpr std::size_t kLongestRecord = 8192;  // that /dev/kmsg gives (linux: kernel/printk/internal.h)
constexpr unsigned kKernelMajor = 1, kKmsgMinor = 11;  // linux: Documentation/admin-guide/devices.txt
constexpr int kPriorities = 8;                         // of one facility; the kernel's own is 0

/// "6,1234,5678,-;text": facility and priority, sequence number, microseconds since boot, flags.
struct Record {
  int priority;
  std::int64_t sequence, time_us;
  std::string_view text;
};

/// Nothing of a continuation (" SUBSYSTEM=pci"), and of what is no record.
std::optional<Record> record_of(std::string_view line) {
  Scanner scanner(line);
  const auto priority = scanner.number(6);
  if (!priority || !scanner.skip(',')) return std::nullopt;
  const auto sequence = scanner.number<std::int64_t>(18);
  if (!sequence || !scanner.skip(',')) return std::nullopt;
  const auto time_us = scanner.number<std::int64_t>(18);
  if (!time_us || !scanner.skip_past(";")) return std::nullopt;
  return Record{*priority, *sequence, *time_us, scanner.rest()};
}

Nanoseconds now_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace

std::string why_not_the_kernels(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return path + ": " + std::strerror(errno);
  if (S_ISDIR(info.st_mode)) return path + " is a folder, not the kernel's log";
  if (!S_ISCHR(info.st_mode)) return path + " is a plain file, not the kernel's log";
  if (info.st_rdev != makedev(kKernelMajor, kKmsgMinor))
    return path + " is not the kernel's log, but another device that was bound there";
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return path + ": " + std::strerror(errno);
  char record[kLongestRecord];
  // EAGAIN: it is empty. EPIPE: the ring has just overtaken us.
  if (read(fd.get(), record, sizeof(record)) < 0 && errno != EAGAIN && errno != EPIPE && errno != EINTR)
    return path + ": " + std::strerror(errno);
  return "";
}

KernelLog::KernelLog(const std::string& path, std::int64_t position, const Take& before)
    : fd_(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  struct stat info {};
  if (!fd_ || fstat(fd_.get(), &info) != 0) {
    why_not_ = path + ": " + std::strerror(errno);
    return;
  }
  if (path == kKernelsOwn) why_not_ = why_not_the_kernels(path);
  if (!why_not_.empty()) {
    fd_ = Descriptor();
    return;
  }
  is_device_ = S_ISCHR(info.st_mode);
  buffer_.resize(kBufferBytes);
  booted_ = now_of(CLOCK_REALTIME) - now_of(CLOCK_MONOTONIC);
  if (position == kFromEnd) {
    // Only its records tell where /dev/kmsg ends; it holds a few thousand.
    poll(before ? before : [](const KernelEvent&) {});
    if (why_not_ == kOvertaken) why_not_.clear();  // of what was logged before
  } else {
    // /dev/kmsg has no seeking by sequence number: it is read from its first record, and older ones are
    // passed over.
    resumed_ = is_device_;
    position_ = position;
    lseek(fd_.get(), is_device_ ? 0 : position, SEEK_SET);
  }
}

void KernelLog::look_at(std::string_view line, const Take& take) {
  std::string_view text = line;
  std::int64_t time_us = 0;
  if (is_device_) {
    const auto record = record_of(line);
    if (!record || record->sequence < position_) return;
    if (std::exchange(resumed_, false) && record->sequence > position_) why_not_ = kOvertaken;
    position_ = record->sequence + 1;
    if (record->priority >= kPriorities) return;  // a program's words, which may be anybody's
    time_us = record->time_us;
    text = record->text;
  } else {
    position_ += static_cast<std::int64_t>(line.size()) + 1 + std::exchange(cut_, 0);
  }
  found_.clear();
  lines_.take(text, time_us, found_);
  for (KernelEvent& event : found_) {
    event.position = position_;
    if (is_device_) event.logged_at = rfc3339(booted_ + time_us * 1000);
    take(std::move(event));
  }
}

std::string KernelLog::take_loss() {
  return fd_ ? std::exchange(why_not_, "") : why_not_;
}

void KernelLog::look_at_all(const Take& take) {
  std::string_view rest(buffer_.data(), torn_);
  for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos;) {
    look_at(rest.substr(0, end), take);
    rest.remove_prefix(end + 1);
  }
  const std::size_t kept = std::min(rest.size(), kLongestRecord);
  cut_ += static_cast<std::int64_t>(rest.size() - kept);
  std::memmove(buffer_.data(), rest.data(), kept);
  torn_ = kept;
}

void KernelLog::poll(const Take& take) {
  if (!fd_) return;
  for (;;) {
    const ssize_t got = read(fd_.get(), buffer_.data() + torn_, buffer_.size() - torn_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EPIPE) {
      why_not_ = kOvertaken;
      continue;
    }
    if (got < 0 && errno != EAGAIN) why_not_ = std::string("the kernel's log: ") + std::strerror(errno);
    if (got <= 0) return;
    torn_ += static_cast<std::size_t>(got);
    look_at_all(take);
  }
}

std::vector<KernelEvent> KernelLog::poll() {
  std::vector<KernelEvent> events;
  poll([&](KernelEvent event) { events.push_back(std::move(event)); });
  return events;
}

void read_all(const std::string& path, const KernelLog::Take& take) {
  KernelLog log(path, 0);
  if (!log.why_not().empty()) throw std::runtime_error(log.why_not());
  log.poll(take);
}

}  // namespace assay::kernel_log
