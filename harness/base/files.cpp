#include "harness/base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "harness/base/descriptor.h"
#include "harness/base/machine_refused.h"
#include "harness/base/parse_json.h"

namespace assay {
namespace {

void write_new(const std::string& path, std::string_view content) {
  ::unlink(path.c_str());  // what a kill left, or somebody's link: never written through
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) throw MachineRefused(path, errno);
  if (const int error = write_all(file.get(), content); error != 0) throw MachineRefused(path, error);
  if (::fsync(file.get()) != 0) throw MachineRefused(path, errno);
}

}  // namespace

int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int sync_folder_of(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const int descriptor = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return error;
}

void write_file(const std::string& path, const std::string& content) {
  const std::string temporary = path + kUnfinishedExtension;
  try {
    write_new(temporary, content);
    if (std::rename(temporary.c_str(), path.c_str()) != 0) throw MachineRefused(path, errno);
  } catch (const MachineRefused&) {
    ::unlink(temporary.c_str());
    throw;
  }
  if (const int error = sync_folder_of(path); error != 0) throw MachineRefused(path, error);
}

void write_json(const std::string& path, const nlohmann::json& content) {
  // As content_hash() reads it: a name may come from where nothing is known to be UTF-8.
  write_file(path, content.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw MachineRefused(path, errno);
  return {std::istreambuf_iterator<char>(file), {}};
}

nlohmann::json read_json(const std::string& path) {
  try {
    return parse_json(read_file(path));
  } catch (const JsonError& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
}

}  // namespace assay
