#include "harness/config/site.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/config/paths.h"
#include "harness/config/quantity.h"
#include "harness/config/reader.h"
#include "harness/config/site_reader.h"
#include "harness/model/pci_address.h"

namespace assay::config {
namespace {

/// False, and the error said, where it is none.
bool is_slot(Table& root, const Entry& entry) {
  const auto number = Part(entry.key).gpu_slot();
  if (number && entry.key == Part::gpu(*number)) return true;
  root.error(entry.position, fmt::format("'{}' is no slot, such as gpu3", entry.key));
  return false;
}

std::map<Part, double> read_air(Table& root) {
  constexpr double kMost_c = 30;
  std::map<Part, double> air;
  for (const Entry& entry : root.texts_by_name("warmer_air")) {
    const auto warmer = parse_quantity(entry.value);
    if (!warmer || warmer->unit != Unit::celsius || warmer->value < 0 || warmer->value > kMost_c) {
      root.error(entry.position, fmt::format("'{}' is no difference such as \"5 degC\", up to {} degC",
                                             entry.value, kMost_c));
    } else if (is_slot(root, entry)) {
      air[entry.key] = warmer->value;
    }
  }
  return air;
}

std::map<Part, std::string> read_addresses(Table& root) {
  std::map<Part, std::string> addresses;
  for (const Entry& entry : root.texts_by_name("slot_pci_addresses")) {
    is_slot(root, entry);
    if (!is_pci_address(entry.value)) {
      root.error(entry.position,
                 fmt::format("'{}' is no PCI address in lower case, such as \"0000:1b:00.0\"", entry.value));
    }
    for (const auto& [part, address] : addresses) {
      if (address == entry.value)
        root.error(entry.position, fmt::format("{} has this address already", part));
    }
    addresses[entry.key] = entry.value;
  }
  return addresses;
}

/// [network] ports_400g = 8
std::map<int, int> read_network(Table& root) {
  constexpr int kMost = 64;
  std::map<int, int> ports;
  auto network = root.optional_table("network");
  if (!network) return ports;
  for (const int rate : {100, 200, 400, 800}) {
    const auto count = network->optional_integer(fmt::format("ports_{}g", rate), 0, kMost);
    if (count) ports[rate] = static_cast<int>(*count);
  }
  return ports;
}

/// [firmware] vbios = ["96.00.A5.00.03", "96.00.DA.00.16"]
std::map<std::string, std::vector<std::string>> read_firmware(Table& root) {
  std::map<std::string, std::vector<std::string>> firmware;
  auto table = root.optional_table("firmware");
  if (!table) return firmware;
  for (const char* name : {"driver", "vbios", "inforom", "gsp_firmware", "nvswitch_firmware", "bios",
                           "bmc_firmware", "network_firmware"}) {
    const bool is_said = table->has(name);
    const std::vector<Entry> versions = table->texts(name);
    if (is_said && versions.empty())
      table->error(name, "no version at all is agreed to: leave it out, or name one");
    for (const Entry& version : versions) {
      const auto has = [&](const char* text) { return version.value.find(text) != std::string::npos; };
      if (version.value.empty() || has(kAlternative) || has(kTogether))
        table->error(version.position, "this is not one version: give each by itself, [\"A\", \"B\"]");
      firmware[name].push_back(version.value);
    }
  }
  return firmware;
}

bool read_peer_traffic(Table& root) {
  auto table = root.optional_table("peer_traffic");
  return table && table->flag("direct");
}

Waiver read_waiver(Table& table, const Vocabulary& vocabulary) {
  Waiver waiver;
  waiver.finding = table.name_in("finding", "finding", vocabulary.finding_codes());
  waiver.part = table.text("part");
  waiver.serial = table.optional_text("serial").value_or("");
  waiver.reason = table.text("reason");
  waiver.who = table.text("who");
  waiver.expires = table.date("expires");
  if (!waiver.part.empty() && waiver.part != "*" && !waiver.part.is_valid()) {
    table.error("part", fmt::format("'{}' is no part, such as \"gpu3/hbm\" or \"*\"", waiver.part));
  }
  const FindingKind* kind = vocabulary.finding(waiver.finding);
  if (kind != nullptr && !is_waivable(kind->cls)) {
    table.error("finding",
                fmt::format("'{}' is of class {}, which is never waived: only condition and performance are",
                            waiver.finding, name_of(kind->cls)));
  }
  return waiver;
}

}  // namespace

Site read_site(const std::string& path, const Vocabulary& vocabulary, Diagnostics& diagnostics) {
  Site site;
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return site;
  Table root = file.root();
  site.name = file.stem();
  if (root.has("sku")) site.sku = root.name_in("sku", "SKU", names("skus"));
  site.slot_pci_addresses = read_addresses(root);
  site.warmer_air_c = read_air(root);
  site.network_ports = read_network(root);
  site.firmware = read_firmware(root);
  site.direct_peer_traffic = read_peer_traffic(root);
  for (Table& table : root.tables("waivers")) site.waivers.push_back(read_waiver(table, vocabulary));
  return site;
}

Site load_site(const std::string& path, Diagnostics& diagnostics) {
  return read_site(path, shipped_vocabulary(diagnostics), diagnostics);
}

}  // namespace assay::config
