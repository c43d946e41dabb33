#include "harness/telemetry/ledger.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "harness/telemetry/nvlink_counters.h"

namespace assay::telemetry {
namespace {

/// Changes with every boot (random(4)).
std::string boot_id() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return id;
}

/// `earlier`: what was known of it before.
std::map<std::string, std::int64_t> counters_of(const GpuReadings& gpu,
                                                const std::map<std::string, std::int64_t>& earlier) {
  std::map<std::string, std::int64_t> counters;
  for (const auto& [name, reading] : gpu.state.counters) {
    if (reading.value) counters[name] = *reading.value;
  }
  add_nvlink_counters(gpu.state.nvlinks, earlier, counters);
  return counters;
}

}  // namespace

Ledger::Ledger() : boot_(boot_id()) {}

Ledger Ledger::of_records(const std::vector<CounterMark>& marks) {
  Ledger ledger;
  ledger.resumed_ = true;
  std::map<std::string, bool> known;  // by PCI address: a mark of this boot
  for (const CounterMark& mark : marks) {
    const bool of_this_boot = mark.boot == ledger.boot_;
    known[mark.pci_address] = known[mark.pci_address] || of_this_boot;
    ledger.known_.insert(mark.pci_address);
    if (!of_this_boot) continue;
    if (ledger.marks_.empty()) ledger.run_began_ = mark.log_position;
    ledger.marks_[mark.pci_address] = mark;
    ledger.strays_up_to_ = std::max(ledger.strays_up_to_, mark.log_position);
  }
  ledger.lost_a_boot_ = std::any_of(known.begin(), known.end(), [](const auto& gpu) { return !gpu.second; });
  return ledger;
}

std::optional<std::int64_t> Ledger::kernel_log_position() const {
  if (!resumed_) return std::nullopt;
  if (lost_a_boot_) return 0;
  std::int64_t position = strays_up_to_;
  for (const auto& [address, mark] : marks_) position = std::min(position, mark.log_position);
  return position;
}

std::map<std::string, std::int64_t> Ledger::attributed() const {
  std::map<std::string, std::int64_t> positions;
  if (!resumed_) return positions;
  for (const std::string& address : known_) positions[address] = 0;  // where there is no mark of this boot
  for (const auto& [address, mark] : marks_) positions[address] = mark.log_position;
  positions[""] = strays_up_to_;
  return positions;
}

void Ledger::add(Snapshot snapshot) {
  uncounted_ += snapshot.events_uncounted;
  latest_ = std::move(snapshot);
  // What the log held when it was opened was logged before a new run, but after a reboot it is the run's.
  const std::int64_t nothing_attributed = resumed_ ? 0 : latest_.kernel_log_begin;
  for (const GpuReadings& gpu : latest_.readings.gpus) {
    if (!gpu.identity.pci_address.value) continue;
    const std::string& address = *gpu.identity.pci_address.value;
    marks_.try_emplace(address, CounterMark{address, boot_, nothing_attributed, counters_of(gpu, {}),
                                            latest_.readings.time});
  }
  note_wiring();
  note_losses();
  if (!latest_.kernel_log_missing.empty()) {
    for (const auto& [address, mark] : marks_) log_missing_[address] = latest_.kernel_log_missing;
  }
  std::copy_if(latest_.events.begin(), latest_.events.end(), std::back_inserter(pending_),
               [&](const KernelEvent& event) { return !is_attributed(event); });
}

/// Of links that are up: of one that is down the driver does not say where it leads.
void Ledger::note_wiring() {
  for (const GpuReadings& gpu : latest_.readings.gpus) {
    if (!gpu.identity.pci_address.value) continue;
    for (std::size_t link = 0; link < gpu.state.nvlinks.size(); ++link) {
      const NvlinkReading& reading = gpu.state.nvlinks[link];
      if (!reading.remote.value || !reading.remote_link.value) continue;
      wiring_[{*reading.remote.value, *reading.remote_link.value}] = {*gpu.identity.pci_address.value,
                                                                      static_cast<int>(link)};
    }
  }
}

void Ledger::note_losses() {
  for (const KernelEvent& event : latest_.events) {
    if (event.meaning == KernelEvent::Meaning::lost) lost_at_.try_emplace(event.pci_address, event.position);
  }
  for (const GpuReadings& gpu : latest_.readings.gpus) {
    if (!gpu.lost.empty() && gpu.identity.pci_address.value)
      lost_at_.try_emplace(*gpu.identity.pci_address.value, latest_.kernel_log_begin);
  }
}

std::optional<Ledger::LinkOfGpu> Ledger::loss_behind(const KernelEvent& nvswitch) const {
  const auto lost_before = [&](const std::string& address) {
    const auto lost = lost_at_.find(address);
    return lost != lost_at_.end() && lost->second <= nvswitch.position;
  };
  const auto port = wiring_.find({nvswitch.pci_address, nvswitch.link});
  if (port != wiring_.end())
    return lost_before(port->second.pci_address) ? std::optional(port->second) : std::nullopt;
  // What names no port is the switch's own.
  if (nvswitch.link < 0 || lost_at_.size() != 1 || !lost_before(lost_at_.begin()->first)) return std::nullopt;
  return LinkOfGpu{lost_at_.begin()->first, -1};
}

bool Ledger::is_attributed(const KernelEvent& event) const {
  const auto mark = marks_.find(event.pci_address);
  return event.position <= (mark == marks_.end() ? strays_up_to_ : mark->second.log_position);
}

Ledger::Attributed Ledger::attribute(const Part& gpu, const std::string& pci_address) {
  const auto found = marks_.find(pci_address);
  Attributed result;
  if (found != marks_.end()) result.mark = found->second;
  const auto lost = log_missing_.extract(pci_address);
  const std::string log_missing = lost ? lost.mapped() : "";
  result.telemetry = telemetry::attribute(gpu, pci_address, result.mark.counters, latest_, pending_,
                                          log_missing, result.mark.time);

  result.mark.pci_address = pci_address;
  result.mark.boot = boot_;
  result.mark.log_position = latest_.kernel_log_position;
  const GpuReadings* now = find_gpu(latest_.readings, pci_address);
  if (now != nullptr && now->lost.empty()) {
    result.mark.counters = counters_of(*now, result.mark.counters);
    result.mark.time = latest_.readings.time;
  }
  marks_[pci_address] = result.mark;
  pending_.erase(std::remove_if(pending_.begin(), pending_.end(),
                                [&](const auto& event) { return event.pci_address == pci_address; }),
                 pending_.end());
  return result;
}

std::vector<KernelEvent> Ledger::take_strays(const std::vector<std::string>& pci_addresses) {
  const auto is_known = [&](const KernelEvent& event) {
    return std::find(pci_addresses.begin(), pci_addresses.end(), event.pci_address) != pci_addresses.end();
  };
  const auto first = std::stable_partition(pending_.begin(), pending_.end(), is_known);
  std::vector<KernelEvent> strays(std::make_move_iterator(first), std::make_move_iterator(pending_.end()));
  pending_.erase(first, pending_.end());
  return strays;
}

std::vector<CounterMark> Ledger::marks() const {
  std::vector<CounterMark> all;
  for (const auto& [address, mark] : marks_) all.push_back(mark);
  return all;
}

}  // namespace assay::telemetry
