#include <algorithm>
#include <utility>

#include "harness/config/fault.h"

namespace assay::config {
namespace {

std::vector<FaultKind>& registered() {
  static std::vector<FaultKind> all;
  return all;
}

}  // namespace

const std::vector<FaultKind>& fault_kinds() {
  return registered();
}

void register_fault_kind(FaultKind kind) {
  auto& all = registered();
  const auto after =
      std::find_if(all.begin(), all.end(), [&](const FaultKind& other) { return other.name > kind.name; });
  all.insert(after, std::move(kind));
}

}  // namespace assay::config
