#include "suites/collective/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <numeric>
#include <stdexcept>

namespace assay::collective {
namespace {

constexpr Nanoseconds kFirstPause = 50'000, kLongestPause = 20 * kMillisecond;
/// RAS gives its own legs five seconds each, and ten in all (ras/ras_internal.h); who comes later than that to where
/// all meet after a hang does not come.
constexpr double kMostRas_s = 10, kMostMeeting_s = 5;


/// In hexadecimal: a blob of an exchange is a text here.
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

std::uint64_t all_begun(const RasRank& rank) {
  return std::accumulate(rank.begun.begin(), rank.begun.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& one) { return sum + one.second; });
}

}  // namespace

Session::Session(Context& context, bool forces_nvls) : context_(context) {
  context.gpu().make_current();
  try {
    meet();
  } catch (const DeviceError& error) {
    if (!forces_nvls || error.code() != codes::collective_failed) throw;
    throw DeviceError("collective.no_multicast", error.what());
  }
}

/// Rank 0 says for all where RAS is to listen, which id the communicator has and what the data are made of.
void Session::meet() {
  Ranks& ranks = context_.ranks();
  const bool first = ranks.rank() == 0;
  const nlohmann::json mine{{"slot", context_.slot_of(0)},
                            {"pci_address", context_.pci_address_of(0)},
                            {"ras", first ? free_ras_address() : ""},
                            {"id", first ? text_of(context_.nccl().make_id()) : ""},
                            {"seed", context_.seed()}};
  const std::vector<std::string> brought = ranks.exchange(mine.dump());
  for (const std::string& one : brought) {
    const auto peer = nlohmann::json::parse(one);
    peers_.push_back({peer.at("slot"), peer.at("pci_address")});
  }
  const auto common = nlohmann::json::parse(brought.front());
  seed_ = common.at("seed");
  ras_address_ = common.at("ras");
  // Read as the first communicator is made. This process is ours alone, and has one thread that reads it.
  setenv("NCCL_RAS_ADDR", ras_address_.c_str(), 1);
  communicator_ = context_.nccl().begin(id_of(common.at("id")), ranks.rank(), ranks.count());
  wait_until([this] { return communicator_->ready(); }, kMostInit_s, "the communicator's initialisation");
}

std::uint64_t Session::bytes_of_all(const RankData& data) {
  std::uint64_t least = data.bytes_there();
  for (const std::string& other : context_.ranks().exchange(std::to_string(least)))
    least = std::min<std::uint64_t>(least, std::stoull(other));
  return least;
}

void Session::begin(const nccl::Request& request, RankData& data) {
  communicator_->begin(request, data.send(), data.receive(), data.stream());
  wait_until([this] { return communicator_->ready(); }, kMostCollective_s, "a collective's start");
}

void Session::wait(RankData& data, const std::string& what) {
  wait_until([&] { return data.done(); }, kMostCollective_s, what);
}

void Session::finalize() {
  communicator_->begin_to_finalize();
  wait_until([this] { return communicator_->ready(); }, kMostFinalize_s, "the communicator's finalisation");
}

void Session::wait_until(const std::function<bool()>& done, double most_s, const std::string& what) {
  const Nanoseconds start = context_.clock().now();
  const auto most = static_cast<Nanoseconds>(most_s * static_cast<double>(kSecond));
  Nanoseconds pause = kFirstPause;
  while (!done()) {
    if (context_.clock().now() - start > most) hung(fmt::format("{} did not end within {:.0f} s", what, most_s));
    context_.clock().sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

const Session::Peer* Session::culprit(const RasAnswer& answer, std::string& why) const {
  if (answer.ranks.empty()) return nullptr;
  const auto peer = [&](const RasRank& rank) -> const Peer* {
    const auto index = static_cast<std::size_t>(rank.rank);
    return index < peers_.size() ? &peers_[index] : nullptr;
  };
  const auto most = std::max_element(answer.ranks.begin(), answer.ranks.end(), [](const auto& a, const auto& b) {
    return all_begun(a) < all_begun(b);
  });
  std::vector<const RasRank*> silent, behind, not_finalizing;
  for (const RasRank& rank : answer.ranks) {
    if (!rank.answers) silent.push_back(&rank);
    if (rank.answers && all_begun(rank) < all_begun(*most)) behind.push_back(&rank);
    if (rank.answers && !rank.finalizing) not_finalizing.push_back(&rank);
  }
  if (silent.size() == 1) {
    why = fmt::format("rank {} does not answer NCCL's RAS", silent.front()->rank);
    return peer(*silent.front());
  }
  if (behind.size() == 1) {
    why = fmt::format("rank {} has begun {} collectives, others {}", behind.front()->rank,
                      all_begun(*behind.front()), all_begun(*most));
    return peer(*behind.front());
  }
  if (not_finalizing.size() == 1) {
    why = fmt::format("rank {} alone has not come to the finalisation", not_finalizing.front()->rank);
    return peer(*not_finalizing.front());
  }
  why = "NCCL's RAS tells none of its ranks from the others";
  return nullptr;
}

void Session::hung(const std::string& what) {
  std::string why;
  const Peer* found = nullptr;
  try {
    const RasAnswer answer = ask_ras(ras_address_, kMostRas_s);
    if (context_.ranks().rank() == 0 || answer.ranks.size() < peers_.size())
      context_.attach_text("ras.json", "application/json", answer.json);
    found = culprit(answer, why);
  } catch (const std::exception& error) {
    why = error.what();
  }
  // Who does not come is named by the supervisor, which ends all of us then.
  context_.ranks().exchange("hung", kMostMeeting_s);
  if (communicator_ != nullptr) communicator_->abort();
  throw DeviceError(codes::collective_hung, what + "; " + why, found == nullptr ? "" : found->pci_address);
}

}  // namespace assay::collective
