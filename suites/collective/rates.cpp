#include "suites/collective/rates.h"

#include <algorithm>

namespace assay::collective {

void keep_least(std::vector<double>& seconds, const std::vector<double>& of_another_rank) {
  for (std::size_t i = 0; i < seconds.size() && i < of_another_rank.size(); ++i)
    seconds[i] = std::min(seconds[i], of_another_rank[i]);
}

double bus_bytes(nccl::Collective collective, double bytes, int ranks) {
  const double others = (ranks - 1.0) / ranks;
  switch (collective) {
    case nccl::Collective::all_reduce:
      return 2 * others * bytes;
    case nccl::Collective::broadcast:
    case nccl::Collective::reduce:
    case nccl::Collective::send_receive:
      return bytes;
    default:
      return others * bytes;
  }
}

namespace {

constexpr std::uint64_t kMostOfAShare = 1 << 10;

}  // namespace

Sized sized(nccl::Collective collective, std::uint64_t bytes, const Session& session, const RankData& data,
            std::uint64_t bytes_there) {
  nccl::Request request{collective, nccl::DataType::bf16, nccl::Op::sum, 1, 0};
  const std::uint64_t parts =
      std::max(nccl::sent_by(request, 0, session.ranks()), nccl::received_by(request, 0, session.ranks()));
  const std::uint64_t there =
      data.stands_for_more() ? std::min(kMostOfAShare, bytes_there) : std::min(bytes, bytes_there);
  request.count = there / nccl::bytes_of(request.type) / parts;
  return {request, static_cast<double>(bytes) / static_cast<double>(there)};
}

namespace {

void tell(const Mismatches& found, const std::function<void(std::uint64_t elements)>& wrong) {
  if (found.count + found.outside > 0) wrong(found.count + found.outside);
}

/// Of one element: no rank gets beyond it before all have come. What it leaves is received anew.
void meet(Session& session, RankData& data) {
  session.begin({nccl::Collective::all_reduce, nccl::DataType::bf16, nccl::Op::sum, 1, 0}, data);
}

/// Seconds, by repetition but the first. `meets`: before each, so that none holds its time for the others'
/// lateness. All of them are put into the stream at once: what the host does between two is in no time.
std::vector<double> time(Session& session, RankData& data, const Sized& what, bool meets, int repetitions,
                         std::uint64_t seed, const std::function<void(std::uint64_t elements)>& wrong) {
  std::vector<double> seconds;
  data.in_time_of(what.times, [&] {
    data.prepare({what.request, session.rank(), session.ranks(), seed}, false);
    for (std::size_t i = 0; i <= static_cast<std::size_t>(repetitions); ++i) {
      if (meets) meet(session, data);
      data.mark(2 * i);
      session.begin(what.request, data);
      data.mark(2 * i + 1);
      data.look();
      data.spoil_received();
    }
    session.wait(data, "collectives that are timed");
    for (std::size_t i = 1; i <= static_cast<std::size_t>(repetitions); ++i)
      seconds.push_back(data.seconds_between(2 * i, 2 * i + 1));
    tell(data.found(), wrong);
  });
  return seconds;
}

}  // namespace

Timed time_collective(Session& session, RankData& data, nccl::Collective collective, std::uint64_t bytes,
                      std::uint64_t bytes_there, int repetitions, std::uint64_t seed,
                      const std::function<void(std::uint64_t elements)>& wrong) {
  const Sized what = sized(collective, bytes, session, data, bytes_there);
  return {time(session, data, what, false, repetitions, seed, wrong),
          bus_bytes(collective, static_cast<double>(bytes), session.ranks())};
}

std::vector<double> time_sends(Session& session, RankData& data, int distance, std::uint64_t bytes,
                               std::uint64_t bytes_there, int repetitions, std::uint64_t seed,
                               const std::function<void(std::uint64_t elements)>& wrong) {
  Sized what = sized(nccl::Collective::send_receive, bytes, session, data, bytes_there);
  what.request.distance = distance;
  return time(session, data, what, true, repetitions, seed, wrong);
}

namespace {

/// Seconds of the device that all take which act() puts into the data's stream.
double seconds_of(Session& session, RankData& data, const std::function<void()>& act) {
  data.mark(0);
  act();
  data.join();
  data.mark(1);
  session.wait(data, "collectives that are timed");
  return data.seconds_between(0, 1);
}

}  // namespace

VerificationCost time_verification(Session& session, RankData& data, nccl::Collective collective,
                                   std::uint64_t bytes, std::uint64_t bytes_there, std::uint64_t seed,
                                   const std::function<void(std::uint64_t elements)>& wrong) {
  const Sized what = sized(collective, bytes, session, data, bytes_there);
  VerificationCost cost;
  data.in_time_of(what.times, [&] {
    data.prepare({what.request, session.rank(), session.ranks(), seed}, false);
    const auto into = [&](int repetition) {
      data.receive_into(static_cast<std::size_t>(repetition % 2));
      session.begin(what.request, data);
      data.received();
    };
    for (int round = 0; round < kRoundsOfVerification; ++round) {
      cost.unverified_s += seconds_of(session, data, [&] {
        for (int i = 0; i < kRepetitionsOfVerification; ++i) into(i);
      });
      cost.serial_s += seconds_of(session, data, [&] {
        for (int i = 0; i < kRepetitionsOfVerification; ++i) {
          into(i);
          data.look();
          data.spoil_received();
        }
      });
      cost.beside_s += seconds_of(session, data, [&] {
        for (int i = 0; i < kRepetitionsOfVerification; ++i) {
          into(i);
          if (i > 0) data.look_beside(static_cast<std::size_t>((i - 1) % 2));
        }
        data.look_beside((kRepetitionsOfVerification - 1) % 2);
      });
      tell(data.found(), wrong);
    }
  });
  return cost;
}

}  // namespace assay::collective
