// A file that only grows, line after line, and belongs to one writer at a time.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace assay::record {

/// The records could not be written: disk full, no permission, another writer.
class JournalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Every failure throws JournalError. After a failed write nothing more is written: what follows a gap would
/// be misread.
class AppendFile {
 public:
  /// Makes the file and its directory entry durable; it must not exist.
  static AppendFile create(const std::string& path);
  /// Opens an existing file and cuts it to its first `length` bytes.
  static AppendFile open(const std::string& path, std::size_t length);

  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&&) = delete;
  ~AppendFile();

  /// Returns when the kernel has all of `bytes`: they outlive this process, though not yet a power cut.
  void write(std::string_view bytes);
  void sync();

 private:
  AppendFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  void lock();

  int descriptor_;
  std::string path_;
  bool failed_ = false;
};

}  // namespace assay::record
