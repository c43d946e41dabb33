#include "harness/model/schema.h"

#include <fmt/format.h>

#include <stdexcept>

#include "harness/base/parse_json.h"

namespace assay {

int schema_of(const nlohmann::json& j, int newest) {
  const int schema = j.contains("schema") ? int_from(j.at("schema")) : 1;
  if (schema < 1 || schema > newest) {
    throw std::invalid_argument(
        fmt::format("its schema is {}, and this Assay reads up to {}: judge it with the one that wrote it",
                    schema, newest));
  }
  return schema;
}

}  // namespace assay
