#include "harness/model/kernel_event.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace assay {
namespace {

constexpr std::array<const char*, 10> kKinds{"xid",         "fallen_off_bus", "nvswitch",    "driver",
                                             "pcie",        "machine_check",  "host_memory", "out_of_memory",
                                             "host_device", "stall"};
constexpr std::array<const char*, 5> kEventMeanings{"none", "somebody_elses", "counts", "fatal", "lost"};
constexpr std::array<const char*, 4> kSeverities{"unstated", "corrected", "non_fatal", "fatal"};

template <typename Enumerated, std::size_t size>
Enumerated named(const nlohmann::json& j, const std::array<const char*, size>& names) {
  const auto& name = j.get_ref<const std::string&>();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw std::invalid_argument("a kernel event has no '" + name + "'");
  return static_cast<Enumerated>(found - names.begin());
}

}  // namespace

bool is_fault(const KernelEvent& event) {
  return event.meaning == KernelEvent::Meaning::fatal || event.meaning == KernelEvent::Meaning::lost;
}

void to_json(nlohmann::json& j, const KernelEvent& event) {
  j = {{"kind", kKinds[static_cast<std::size_t>(event.kind)]},
       {"number", event.number},
       {"pci_address", event.pci_address},
       {"line", event.line},
       {"pid", event.pid},
       {"process", event.process},
       {"time_us", event.time_us},
       {"logged_at", event.logged_at},
       {"nvswitch", event.nvswitch},
       {"link", event.link},
       {"severity", kSeverities[static_cast<std::size_t>(event.severity)]},
       {"continues", event.continues},
       {"recovery_action", event.recovery_action},
       {"position", event.position},
       {"more", event.more},
       {"meaning", kEventMeanings[static_cast<std::size_t>(event.meaning)]},
       {"explained", event.explained.english},
       {"explained_in_chinese", event.explained.chinese}};
}

void from_json(const nlohmann::json& j, KernelEvent& event) {
  event.kind = named<KernelEvent::Kind>(j.at("kind"), kKinds);
  j.at("number").get_to(event.number);
  j.at("pci_address").get_to(event.pci_address);
  j.at("line").get_to(event.line);
  j.at("pid").get_to(event.pid);
  j.at("process").get_to(event.process);
  j.at("time_us").get_to(event.time_us);
  j.at("logged_at").get_to(event.logged_at);
  j.at("nvswitch").get_to(event.nvswitch);
  j.at("link").get_to(event.link);
  event.severity = named<KernelEvent::Severity>(j.at("severity"), kSeverities);
  j.at("continues").get_to(event.continues);
  j.at("recovery_action").get_to(event.recovery_action);
  j.at("position").get_to(event.position);
  j.at("more").get_to(event.more);
  event.meaning = named<KernelEvent::Meaning>(j.at("meaning"), kEventMeanings);
  event.explained = {j.at("explained").get<std::string>(), j.at("explained_in_chinese").get<std::string>()};
}

}  // namespace assay
