#include "harness/model/content_hash.h"

#include "harness/base/sha256.h"

namespace assay {

using nlohmann::json;

std::string content_hash(const json& j) {
  // Keys come out sorted; what is no UTF-8 is replaced, as it is where the same JSON is written to a file.
  const std::string text = j.dump(-1, ' ', false, json::error_handler_t::replace);
  return "sha256:" + sha256(text);
}

}  // namespace assay
