#include "harness/model/values.h"
#include "harness/record/artifacts.h"

namespace assay::record {

using nlohmann::json;

json counter_mark(const CounterMark& mark) {
  return portable({{"pci_address", mark.pci_address},
                   {"boot", mark.boot},
                   {"log_position", mark.log_position},
                   {"counters", mark.counters},
                   {"time", mark.time}});
}

CounterMark counter_mark_from(const json& j) {
  CounterMark mark;
  j.at("pci_address").get_to(mark.pci_address);
  j.at("boot").get_to(mark.boot);
  mark.log_position = integer_from_portable(j.at("log_position"));
  for (const auto& [name, value] : j.at("counters").items())
    mark.counters[name] = integer_from_portable(value);
  if (j.contains("time")) mark.time = integer_from_portable(j.at("time"));
  return mark;
}

}  // namespace assay::record
