#include <cstdlib>
#include <stdexcept>

#include "harness/parse_json.h"
#include "harness/record/artifacts.h"
#include "harness/record/values.h"

namespace assay::record {
namespace {

using nlohmann::json;

/// The reverse of portable(): integers beyond 2^53 are hexadecimal text.
std::int64_t integer_from(const json& j) {
  if (!j.is_string()) return int64_from(j);
  const auto text = j.get<std::string>();
  std::size_t used = 0;
  const auto value = static_cast<std::int64_t>(std::stoull(text, &used, 16));
  if (used != text.size()) throw std::invalid_argument("'" + text + "' is no hexadecimal number");
  return value;
}

}  // namespace

json counter_mark(const CounterMark& mark) {
  return portable({{"pci_address", mark.pci_address},
                   {"boot", mark.boot},
                   {"log_position", mark.log_position},
                   {"counters", mark.counters}});
}

CounterMark counter_mark_from(const json& j) {
  CounterMark mark;
  j.at("pci_address").get_to(mark.pci_address);
  j.at("boot").get_to(mark.boot);
  mark.log_position = integer_from(j.at("log_position"));
  for (const auto& [name, value] : j.at("counters").items()) mark.counters[name] = integer_from(value);
  return mark;
}

}  // namespace assay::record
