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

/// Put into the stream at once, so that what the host does between two is in no time; not more, since what
/// was found is read behind them, and is lost with what hangs.
constexpr int kInARow = 16;
/// What NCCL's calls and two launches take of the host, several times over: a communicator that does not
/// block has a thread of its own for each call, for which Session::begin() looks each 50 us.
constexpr double kToPutIn_s = 400e-6;

/// Adds the seconds of each.
void time_in_a_row(Session& session, RankData& data, const Sized& what, bool meets, int repetitions,
                   std::vector<double>& seconds) {
  const auto marks = 2 * static_cast<std::size_t>(repetitions);
  data.hold(repetitions * kToPutIn_s);
  for (std::size_t mark = 0; mark < marks; mark += 2) {
    if (meets) meet(session, data);
    data.mark(mark);
    session.begin(what.request, data);
    data.mark(mark + 1);
    data.look_and_spoil();
  }
  for (std::size_t mark = 0; mark < marks; mark += 2) {
    session.wait_for_mark(data, mark + 1, "a collective that is timed");
    seconds.push_back(data.seconds_between(mark, mark + 1));
  }
  session.wait(data, "looking through what was timed");
}

/// Seconds, by repetition but the first. `meets`: before each, so that none holds its time for the others'
/// lateness.
std::vector<double> time(Session& session, RankData& data, const Sized& what, bool meets, int repetitions,
                         std::uint64_t seed, const std::function<void(std::uint64_t elements)>& wrong) {
  std::vector<double> seconds, of_first;
  data.in_time_of(what.times, [&] {
    data.prepare({what.request, session.rank(), session.ranks(), seed}, false);
    time_in_a_row(session, data, what, meets, 1, of_first);
    tell(data.found(), wrong);
    while (seconds.size() < static_cast<std::size_t>(repetitions)) {
      const int left = repetitions - static_cast<int>(seconds.size());
      time_in_a_row(session, data, what, meets, std::min(left, kInARow), seconds);
      tell(data.found(), wrong);
    }
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
          data.look_and_spoil();
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
