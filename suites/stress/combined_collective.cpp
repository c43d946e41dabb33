// NVLink's part of everything at once: NCCL's collectives, each looked through, beside tensor cores, memory
// and PCIe. They wait for multiprocessors that products hold for milliseconds: how fast they are says
// nothing.
#include <algorithm>
#include <memory>
#include <string>

#include "harness/check.h"
#include "suites/collective/legal.h"
#include "suites/collective/meeting.h"
#include "suites/collective/rates.h"

namespace assay::collective {
namespace {

constexpr std::uint64_t kBytes = 8ull << 30;
constexpr int kOfRound = 8;  // one after the other, before all meet

class Combined {
 public:
  explicit Combined(Context& context)
      : context_(context),
        peers_(context),
        session_(context, peers_, peers_.all(), peers_.id_for(peers_.all())),
        data_(make_rank_data(context.gpu(), kBytes)),
        bytes_there_(peers_.least(data_->bytes_there())) {}

  void run() {
    std::uint64_t done = 0;
    const Nanoseconds start = context_.clock().now();
    for (std::uint64_t round = 0; go_on(start, round); ++round) {
      const auto collective =
          round % 2 == 0 ? nccl::Collective::all_reduce : nccl::Collective::reduce_scatter;
      time_collective(session_, *data_, collective, kBytes, bytes_there_, kOfRound, peers_.seed() + round,
                      [this](std::uint64_t elements) { note_wrong(elements); });
      done += kOfRound;
    }
    session_.finalize();
    if (session_.rank() != 0) return;
    context_.measure_at("node", "wrong_elements", static_cast<double>(wrong_), Unit::count);
    context_.measure_at("node", "collectives", static_cast<double>(done), Unit::count);
  }

 private:
  /// By the first rank's time: all do the same.
  bool go_on(Nanoseconds start, std::uint64_t round) {
    const double elapsed_s = seconds_of(context_.clock().now() - start);
    if (context_.duration_s() > 0) context_.progress(std::min(1.0, elapsed_s / context_.duration_s()));
    const std::string mine = round < 2 || elapsed_s < context_.duration_s() ? "more" : "enough";
    return meet(context_, mine).front() == "more";
  }

  /// The first at once: it stands whatever becomes of the step, and of the other ranks.
  void note_wrong(std::uint64_t elements) {
    if (wrong_ == 0)
      context_.measure_at("node", "wrong_elements", static_cast<double>(elements), Unit::count);
    wrong_ += elements;
  }

  Context& context_;
  Peers peers_;
  Session session_;
  std::unique_ptr<RankData> data_;
  std::uint64_t bytes_there_, wrong_ = 0;
};

void run(Context& context) {
  Combined(context).run();
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  constexpr auto kAll = static_cast<double>(kBytes);
  constexpr int kRanks = 8, kFewestRounds = 2;
  const double one_s = speed.seconds_of_collective(WorkKind::multicast,
                                                   bus_bytes(nccl::Collective::all_reduce, kAll, kRanks)) +
                       speed.seconds_of_demands(work_of_looking_through(kAll)) +
                       speed.seconds_of_demands(work_of_preparing(0, kAll)) + 4 * speed.launch_s;
  return speed.collective_init_s + std::max(duration_s, kFewestRounds * kOfRound * one_s) + kOfRound * one_s +
         speed.seconds_to_hold(2 * kAll);
}

const Registered combined_collective{{
    .name = "stress.combined_collective",
    .summary = "Collectives come out right while tensor cores, memory and PCIe are at work beside them",
    .scope = Scope::ranks,
    .measures =
        {
            {.name = "wrong_elements",
             .meaning = "elements that were wrong on a rank: at once of its first collectives that are wrong",
             .of = Of::node},
            {.name = "collectives", .meaning = "that were looked through", .judged = false, .of = Of::node},
        },
    .findings = {"collective.miscompare_somewhere"},
    .run = run,
    .detects =
        "links, switches and GPUs that spoil collectives, or make them hang, only while everything else is "
        "at work",
    .misses = "how fast collectives are: collective.bandwidth; which GPU it is (collective.locate follows)",
    .device_evidence = "never run on a GPU",
    .variants = {{name_of(Way::by_itself), environment_of(Way::by_itself)}},
    .uses_nccl = true,
    .loads = {Resource::nvlink_in, Resource::nvlink_out, Resource::memory},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay::collective
