#include "harness/record/torn_tail.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/record/append_file.h"

namespace assay::record {

void cut_torn_tail(int descriptor, const std::string& path, std::size_t length) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0)
    throw JournalError(fmt::format("{}: cannot stat: {}", path, std::strerror(errno)));
  if (static_cast<std::size_t>(status.st_size) < length) {
    throw JournalError(
        fmt::format("{}: is shorter than when it was read ({} of {} bytes)", path, status.st_size, length));
  }
  if (::ftruncate(descriptor, static_cast<off_t>(length)) != 0)
    throw JournalError(fmt::format("{}: cannot cut the torn tail: {}", path, std::strerror(errno)));
}

}  // namespace assay::record
