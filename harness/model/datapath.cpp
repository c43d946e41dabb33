#include "harness/model/datapath.h"

#include <algorithm>
#include <array>

namespace assay {
namespace {

constexpr std::array<std::string_view, kDatapaths> kNames{
    "fp32",        "fp64",        "fp16",        "integer",     "special",     "registers",
    "shared",      "load_store",  "bulk_copy",   "tensor_bf16", "tensor_fp16", "tensor_tf32",
    "tensor_e4m3", "tensor_e5m2", "tensor_int8", "tensor_fp64"};

}  // namespace

std::string_view name_of(Datapath path) {
  return kNames[static_cast<std::size_t>(path)];
}

std::optional<Datapath> datapath_named(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Datapath>(found - kNames.begin());
}

}  // namespace assay
