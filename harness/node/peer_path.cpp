#include "harness/node/peer_path.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/node/pci_tree.h"

namespace assay::pci {
namespace {

// Who is not root is given the first bytes of the space alone (linux: drivers/pci/pci-sysfs.c).
constexpr std::size_t kForAnybody = 64;

// PCI Express Base 6.0: 7.6.3 (header of an extended capability), 7.7.11 (ACS), 10.5.1 (ATS).
constexpr std::size_t kFirst = 0x100, kWholeSpace = 0x1000, kControl = 6;
constexpr unsigned kAcs = 0x000d, kAts = 0x000f;
constexpr unsigned kRequestRedirect = 1U << 2, kCompletionRedirect = 1U << 3, kAtsEnable = 1U << 15;

unsigned byte_at(const std::string& config, std::size_t at) {
  return at < config.size() ? static_cast<unsigned char>(config[at]) : 0;
}

unsigned word_at(const std::string& config, std::size_t at) {
  return byte_at(config, at) | byte_at(config, at + 1) << 8;
}

std::string config_of(const HostFiles& files, const std::string& address) {
  return files.read(fmt::format("/sys/bus/pci/devices/{}/config", address)).value_or("");
}

}  // namespace

std::optional<std::size_t> extended_capability(const std::string& config, unsigned number) {
  std::size_t at = kFirst;
  // A list that runs in a circle has an end.
  for (std::size_t steps = 0; steps < kWholeSpace / 4 && at >= kFirst && at + 4 <= config.size(); ++steps) {
    const unsigned header = word_at(config, at);
    if (header == number) return at;
    at = word_at(config, at + 2) >> 4 & 0xffcU;
  }
  return std::nullopt;
}

PeerPath read_peer_path(const HostFiles& files, const std::string& address) {
  PeerPath path;
  for (const std::string& port : Tree(files).path_to(address)) {
    if (port == address) continue;
    const std::string config = config_of(files, port);
    if (config.size() <= kForAnybody) {
      path.unread.push_back(port);
      continue;
    }
    const auto acs = extended_capability(config, kAcs);
    if (acs && (word_at(config, *acs + kControl) & (kRequestRedirect | kCompletionRedirect)) != 0)
      path.redirecting.push_back(port);
  }
  path.iommu_type = files.read(fmt::format("/sys/bus/pci/devices/{}/iommu_group/type", address)).value_or("");
  const std::string own = config_of(files, address);
  const auto ats = extended_capability(own, kAts);
  if (ats) path.ats = (word_at(own, *ats + kControl) & kAtsEnable) != 0;
  return path;
}

std::string PeerTraffic::in_the_way() const {
  std::vector<std::string> all;
  if (!redirecting.empty()) all.push_back(fmt::format("ACS redirects at {}", fmt::join(redirecting, ", ")));
  if (!translated.empty())
    all.push_back(fmt::format("the IOMMU translates for {}", fmt::join(translated, ", ")));
  return fmt::format("{}", fmt::join(all, "; "));
}

PeerTraffic read_peer_traffic(const HostFiles& files, const std::vector<std::string>& gpus) {
  std::vector<std::string> devices = gpus;
  const std::string cards = "/sys/class/infiniband";
  for (const std::string& card : files.list(cards)) {
    const auto real = files.resolve(fmt::format("{}/{}/device", cards, card));
    if (real) devices.push_back(real->substr(real->rfind('/') + 1));
  }
  PeerTraffic traffic;
  for (const std::string& address : devices) {
    const PeerPath path = read_peer_path(files, address);
    traffic.redirecting.insert(path.redirecting.begin(), path.redirecting.end());
    traffic.unread.insert(path.unread.begin(), path.unread.end());
    if (path.is_translated()) traffic.translated.insert(address);
    traffic.with_ats += path.ats.value_or(false) ? 1 : 0;
  }
  return traffic;
}

}  // namespace assay::pci
