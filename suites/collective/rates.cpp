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

constexpr std::uint64_t kMostOfAShare = 8 << 10;

}  // namespace

Timed time_collective(Session& session, RankData& data, nccl::Collective collective, std::uint64_t bytes,
                      std::uint64_t bytes_there, int repetitions, std::uint64_t seed,
                      const std::function<void(std::uint64_t elements)>& wrong) {
  nccl::Request request{collective, nccl::DataType::bf16, nccl::Op::sum, 1, 0};
  const std::uint64_t parts =
      std::max(nccl::sent_by(request, 0, session.ranks()), nccl::received_by(request, 0, session.ranks()));
  // What is timed again and again is looked through each time: on a simulated GPU a part of what is there is
  // enough.
  const std::uint64_t there =
      data.stands_for_more() ? std::min(kMostOfAShare, bytes_there) : std::min(bytes, bytes_there);
  request.count = there / nccl::bytes_of(request.type) / parts;
  const double times = static_cast<double>(bytes) / static_cast<double>(there);
  Timed timed;
  timed.bus_bytes = bus_bytes(collective, static_cast<double>(bytes), session.ranks());
  data.in_time_of(times, [&] {
    data.prepare({request, session.rank(), session.ranks(), seed}, false);
    for (int i = 0; i <= repetitions; ++i) {
      data.mark(0);
      session.begin(request, data);
      data.mark(1);
      session.wait(data, "a collective that is timed");
      if (i > 0) timed.seconds.push_back(data.seconds_between(0, 1));
      const Mismatches found = data.look_through();
      if (found.count + found.outside > 0) wrong(found.count + found.outside);
      data.spoil_received();
    }
  });
  return timed;
}

}  // namespace assay::collective
