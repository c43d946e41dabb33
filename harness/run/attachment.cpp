#include "harness/run/attachment.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <system_error>

#include "harness/base/files.h"
#include "harness/check.h"

namespace assay::run {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 64;

constexpr fs::perms kReadableByAll =
    fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read;

/// Left free by what is attached: a run whose records cannot be written is lost, one without an attachment is
/// not. Records and telemetry of an acceptance take some 10 MiB.
constexpr std::uintmax_t kRoomForRecords = 64 << 20;

std::string safe(std::string name) {
  name.resize(std::min(name.size(), kLongestName));
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return name;
}

}  // namespace

std::string attachments_of(const std::string& run_folder, const std::string& step_id, std::size_t ranks,
                           std::size_t rank) {
  return fmt::format("{}/{}{}-{}", run_folder, kAttachmentPrefix, step_id,
                     ranks > 1 ? fmt::format("rank{}-", rank) : "");
}

namespace {

/// Calls put(path) for a file that gets its name once it is whole.
std::string add_attachment(const std::string& what, std::uintmax_t bytes, const std::string& prefix,
                           const std::string& name,
                           const std::function<void(const std::string&, std::error_code&)>& put) {
  if (bytes > kMostAttachmentBytes) {
    throw std::runtime_error(fmt::format("{} cannot be attached: its {} bytes are more than {}", what, bytes,
                                         kMostAttachmentBytes));
  }
  std::error_code error;
  const std::uintmax_t room = fs::space(fs::path(prefix).parent_path(), error).available;
  if (error || room < bytes + kRoomForRecords) {
    throw std::runtime_error(fmt::format("{} cannot be attached: {} bytes are left, and the records need {}",
                                         what, room, kRoomForRecords));
  }
  const std::string wanted = prefix + safe(name);
  std::string target = wanted;
  for (int i = 2; fs::exists(target, error); ++i) target = fmt::format("{}.{}", wanted, i);
  const std::string unfinished = target + kUnfinishedExtension;
  put(unfinished, error);
  // Whoever may read the run may read all of it, whatever the worker's temporary file allowed.
  if (!error) fs::permissions(unfinished, kReadableByAll, error);
  if (!error) fs::rename(unfinished, target, error);
  if (error) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw std::runtime_error(what + " cannot be attached: " + error.message());
  }
  return fs::path(target).filename().string();
}

}  // namespace

std::string copy_attachment(const std::string& path, const std::string& prefix, const std::string& name) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(path, error);
  if (error) throw std::runtime_error(path + " cannot be attached: " + error.message());
  return add_attachment(path, bytes, prefix, name, [&](const std::string& to, std::error_code& failed) {
    fs::copy_file(path, to, fs::copy_options::overwrite_existing, failed);
  });
}

std::string write_attachment(const std::string& text, const std::string& prefix, const std::string& name) {
  return add_attachment(name, text.size(), prefix, name, [&](const std::string& to, std::error_code& failed) {
    std::ofstream file(to, std::ios::binary);
    file << text;
    if (!file.flush()) failed = std::make_error_code(std::errc::io_error);
  });
}

}  // namespace assay::run
