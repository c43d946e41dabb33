#include "harness/model/declaration.h"

namespace assay {

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::node:
      return "node";
    case Scope::gpu:
      return "gpu";
    case Scope::gpu_serial:
      return "gpu_serial";
    case Scope::pair:
      return "pair";
    case Scope::ranks:
      return "ranks";
    case Scope::all_gpus:
      return "all_gpus";
    case Scope::all_pairs:
      return "all_pairs";
  }
  return "?";
}

}  // namespace assay
