#include "suites/collective/peers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <set>

#include "suites/collective/meeting.h"

namespace assay::collective {
namespace {

/// In hexadecimal: what is brought to an exchange is a text here.
std::string text_of(const nccl::UniqueId& id) {
  std::string text;
  for (const char byte : id.internal) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

nccl::UniqueId id_of(const std::string& text) {
  nccl::UniqueId id{};
  for (std::size_t i = 0; i < sizeof(id.internal); ++i)
    id.internal[i] = static_cast<char>(std::stoi(text.substr(2 * i, 2), nullptr, 16));
  return id;
}

}  // namespace

/// Rank 0 says for all where RAS is to listen, and what the data are made of.
Peers::Peers(Context& context) : context_(context) {
  const nlohmann::json mine{
      {"slot", context.slot_of(0)}, {"pci_address", context.pci_address_of(0)}, {"seed", context.seed()}};
  const std::vector<std::string> brought = context.ranks().exchange(mine.dump());
  for (const std::string& one : brought) {
    const auto peer = nlohmann::json::parse(one);
    of_.push_back({peer.at("slot"), peer.at("pci_address")});
  }
  seed_ = nlohmann::json::parse(brought.front()).at("seed");
  // Read as the first communicator is made. This process is ours alone, and has one thread that reads it.
  setenv("NCCL_RAS_ADDR", ras_address_.c_str(), 1);
  // NCCL refuses two ranks on one GPU of a host (src/init.cc): each is on a host of its own, for all it
  // knows.
  if (share_gpus()) setenv("NCCL_HOSTID", fmt::format("assay-{}", rank()).c_str(), 1);
}

bool Peers::share_gpus() const {
  std::set<std::string> addresses;
  for (const Peer& peer : of_) addresses.insert(peer.pci_address);
  return addresses.size() < of_.size();
}

bool Peers::have_one_gpu() const {
  return std::all_of(of_.begin(), of_.end(),
                     [&](const Peer& peer) { return peer.pci_address == of_.front().pci_address; });
}

std::vector<int> Peers::all() const {
  std::vector<int> ranks(of_.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

nccl::UniqueId Peers::id_for(const std::vector<int>& group) {
  const bool first = !group.empty() && group.front() == rank();
  const auto brought = meet(context_, first ? text_of(context_.nccl().make_id()) : "");
  return group.empty() ? nccl::UniqueId{} : id_of(brought.at(static_cast<std::size_t>(group.front())));
}

std::uint64_t Peers::least(std::uint64_t mine) {
  for (const std::string& other : meet(context_, std::to_string(mine)))
    mine = std::min<std::uint64_t>(mine, std::stoull(other));
  return mine;
}

}  // namespace assay::collective
