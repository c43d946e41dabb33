// Self-tests of collective.correctness: the check itself, at work with a rank that meddles on purpose. They
// show on a real GPU too that what goes wrong is found, at its rank and element. No shipped profile runs
// them.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "kernels/planted_bit/planted_bit.h"
#include "suites/collective/correctness.h"

namespace assay::collective {
namespace {

/// An all_reduce: those are the first cases.
constexpr std::size_t kCase = 5;
constexpr Deadlines kDeadlines{.init_s = 60, .collective_s = 5, .finalize_s = 30};
constexpr Nanoseconds kLongerThanAnybodyWaits = 300 * kSecond;

/// One rank of them.
bool is_it(Context& context) {
  return context.ranks().rank() == context.ranks().count() / 2;
}

/// A bit of an element in the middle of what that rank has received.
class Spoils final : public Meddling {
 public:
  explicit Spoils(Context& context) : context_(context) {}
  bool changes_received() const override { return true; }
  void after(std::size_t number, const Job& job, RankData& data) override {
    if (!is_it(context_) || number != kCase) return;
    const std::uint64_t element = nccl::received_by(job.request, job.rank, job.ranks) / 2;
    auto* const bytes = static_cast<char*>(data.receive());
    drill::flip_bits(context_.gpu(), bytes + element * nccl::bytes_of(job.request.type), 2);
    context_.evidence("planted", {{"rank", job.rank}, {"number", number}, {"element", element}});
  }

 private:
  Context& context_;
};

/// Does this before it enters, longer than anybody waits.
class StaysOut final : public Meddling {
 public:
  StaysOut(Context& context, void (*act)(Context&)) : context_(context), act_(act) {}
  void before(std::size_t number, int rank) override {
    if (!is_it(context_) || number != kCase) return;
    context_.evidence("planted", {{"rank", rank}, {"number", number}});
    act_(context_);
  }

 private:
  Context& context_;
  void (*act_)(Context&);
};

void sleep_long(Context& context) {
  context.clock().sleep_for(kLongerThanAnybodyWaits);
}

void be_killed(Context&) {
  raise(SIGKILL);
}

/// The process is there, and nothing in it goes on.
void be_stopped(Context& context) {
  // A simulated node's time stands still unless this thread waits for it.
  std::thread([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    kill(getpid(), SIGSTOP);
  }).detach();
  sleep_long(context);
}

void run_spoilt(Context& context) {
  Spoils meddling(context);
  run_correctness(context, &meddling, kDeadlines);
}
template <void (*act)(Context&)>
void run_staying_out(Context& context) {
  StaysOut meddling(context, act);
  run_correctness(context, &meddling, kDeadlines);
}

/// What accuses nobody has no limit in a file of limits (docs/limits.md): it is not judged here.
std::vector<Measure> measures() {
  std::vector<Measure> all = measures_of_correctness();
  for (Measure& measure : all)
    measure.judged = measure.name == "spoilt_elements" || measure.name == "unexplained_elements";
  return all;
}

Check drill(const char* name, const char* summary, void (*run)(Context&)) {
  return {.name = name,
          .summary = summary,
          .scope = Scope::ranks,
          .measures = measures(),
          .findings = findings_of_correctness(),
          .run = run,
          .device_evidence = "never run on a GPU",
          .variants = {{name_of(Way::by_itself), environment_of(Way::by_itself)}},
          .uses_nccl = true,
          .loads = {Resource::nvlink_in, Resource::nvlink_out, Resource::memory}};
}

const Registered collective_spoilt{
    drill("selftest.collective_spoilt", "a rank changes a bit of what it has received", run_spoilt)};
const Registered collective_late{drill("selftest.collective_late",
                                       "a rank sleeps before a collective, longer than anybody waits",
                                       run_staying_out<sleep_long>)};
const Registered collective_killed{
    drill("selftest.collective_killed", "a rank is killed before a collective", run_staying_out<be_killed>)};
const Registered collective_stopped{drill("selftest.collective_stopped",
                                          "a rank's process is stopped before a collective",
                                          run_staying_out<be_stopped>)};

}  // namespace
}  // namespace assay::collective
