#include "suites/collective/session.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace assay::collective {
namespace {

constexpr Nanoseconds kFirstPause = 10'000, kLongestPause = 20 * kMillisecond;

/// What rank 0 says for all.
struct Common {
  nccl::UniqueId id;
  std::uint64_t seed;
};

Common common_of(Context& context) {
  Ranks& ranks = context.ranks();
  std::string mine;
  if (ranks.rank() == 0) {
    const Common common{context.nccl().make_id(), context.seed()};
    mine.assign(reinterpret_cast<const char*>(&common), sizeof(common));
  }
  const std::string first = ranks.exchange(mine).front();
  Common common{};
  if (first.size() != sizeof(common)) throw std::runtime_error("rank 0 brought no id");
  std::memcpy(&common, first.data(), sizeof(common));
  return common;
}

}  // namespace

Session::Session(Context& context, bool forces_nvls) : context_(context) {
  Ranks& ranks = context.ranks();
  context.gpu().make_current();
  const Common common = common_of(context);
  seed_ = common.seed;
  try {
    communicator_ = context.nccl().begin(common.id, ranks.rank(), ranks.count());
    wait_until([this] { return communicator_->ready(); }, kMostInit_s, "the communicator's initialisation");
  } catch (const DeviceError& error) {
    if (!forces_nvls || error.code() != codes::collective_failed) throw;
    throw DeviceError("collective.no_multicast", error.what());
  }
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
    if (context_.clock().now() - start > most) {
      communicator_->abort();
      throw DeviceError(codes::collective_hung, what + " did not end within " + std::to_string(static_cast<int>(most_s)) + " s");
    }
    context_.clock().sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

}  // namespace assay::collective
