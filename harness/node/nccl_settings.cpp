#include "harness/node/nccl_settings.h"

#include <set>
#include <sstream>

namespace assay {
namespace {

bool bends_nccl(const std::string& name) {
  return name.rfind("NCCL_", 0) == 0 || name.rfind("CUDA_", 0) == 0;
}

}  // namespace

/// As setEnvFile reads it: names and values are taken as they stand, spaces included, and of two of one name
/// the first counts.
std::vector<std::string> settings_made_by(const std::string& text,
                                          const std::function<bool(const std::string&)>& is_set) {
  std::vector<std::string> made;
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    if (bends_nccl(name) && !is_set(name) && names.insert(name).second) made.push_back(line);
  }
  return made;
}

}  // namespace assay
