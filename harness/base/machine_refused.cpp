#include "harness/base/machine_refused.h"

#include <cerrno>
#include <system_error>

namespace assay {

MachineRefused::MachineRefused(const std::string& what, int error)
    : std::runtime_error(what + ": " + std::generic_category().message(error)), error_(error) {}

bool MachineRefused::is_wrong_path() const {
  switch (error_) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case EROFS:
    case ENAMETOOLONG:
    case ELOOP:
      return true;
    default:
      return false;
  }
}

void throw_unless_wrong_path(const std::string& what, int error) {
  const MachineRefused refused(what, error);
  if (!refused.is_wrong_path()) throw refused;
}

}  // namespace assay
