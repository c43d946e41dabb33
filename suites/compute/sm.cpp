// Every multiprocessor (SM) does the same work on the same data, one datapath after another; results are
// compared bit by bit: with the other SMs', with the SM's own of before, and, where the bits are specified,
// with what this machine's CPU works out.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "harness/check.h"
#include "kernels/sm_paths/comparison.h"
#include "kernels/sm_paths/sm_paths.h"
#include "suites/compute/wrong_sms.h"

namespace assay {
namespace {

using compute::Comparison;
using compute::Data;
using compute::WrongSm;

/// The same in every run: what GPUs and nodes find can be compared.
constexpr std::uint64_t kDataSeed = 0x6173736179;

struct Task {
  Datapath path;
  Data data;
};

/// Tensor cores twice: on integers, whose results are known, and on full-entropy data.
std::vector<Task> all_tasks() {
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < kDatapaths; ++i) {
    const auto path = static_cast<Datapath>(i);
    tasks.push_back({path, Data::exact});
    if (compute::has_random_data(path)) tasks.push_back({path, Data::random});
  }
  return tasks;
}

constexpr std::uint32_t kFirstRounds = 1024;  // by which it is learnt how long one takes
constexpr double kLaunch_s = 0.02;            // at least: what a launch costs is little against it
constexpr double kLongestLaunch_s = 0.5;      // so that progress shows, and a hang is found out
constexpr int kMostLaunchesForAllSms = 8;
constexpr std::uint32_t kMostRounds = 1u << 24;

/// Launches a task, again where an SM was missed.
class Runner {
 public:
  Runner(Gpu& gpu, Comparison& comparison)
      : sms_(static_cast<std::size_t>(gpu.multiprocessors())),
        paths_(compute::make_sm_paths(gpu)),
        comparison_(comparison) {}

  void run(const Task& task, double seconds) {
    const auto key = std::make_pair(task.path, task.data);
    if (round_s_.count(key) == 0) {
      expected_[key] = compute::expected_hashes(task.path, task.data, kDataSeed);
      launch(task, kFirstRounds);
    }
    // The first one also loads the kernel: a second one may be needed to fill the time.
    constexpr double kEnough = 0.7;
    double spent_s = 0;
    for (int i = 0; i < kMostLaunchesForAllSms; ++i) {
      const double wanted = (seconds - spent_s) / round_s_[key];
      spent_s += launch(task, static_cast<std::uint32_t>(std::clamp(wanted, 128.0, double{kMostRounds})));
      if (spent_s >= kEnough * seconds && comparison_.sms(task.path, task.data, kDataSeed) >= sms_) break;
    }
  }

  /// What a round takes, in microseconds, by datapath.
  nlohmann::json round_us() const {
    nlohmann::json all;
    for (const auto& [key, seconds] : round_s_) {
      all[std::string(name_of(key.first)) + (key.second == Data::random ? "_random" : "")] = seconds * 1e6;
    }
    return all;
  }

 private:
  double launch(const Task& task, std::uint32_t rounds) {
    const compute::LaunchResult result = paths_->run(task.path, task.data, kDataSeed, rounds);
    comparison_.add(task.path, task.data, kDataSeed, rounds, result, expected_[{task.path, task.data}]);
    round_s_[{task.path, task.data}] = std::max(1e-9, result.seconds / rounds);
    return result.seconds;
  }

  using Key = std::pair<Datapath, Data>;
  std::size_t sms_;
  std::unique_ptr<compute::SmPaths> paths_;
  Comparison& comparison_;
  std::map<Key, std::vector<std::uint64_t>> expected_;
  std::map<Key, double> round_s_;
};

std::uint64_t wrong_results(const WrongSm& wrong) {
  std::uint64_t sum = 0;
  for (const auto& [path, what] : wrong) sum += what.all_results();
  return sum;
}

nlohmann::json list_of(const std::map<unsigned, WrongSm>& all) {
  nlohmann::json sms = nlohmann::json::array();
  for (const auto& [sm, wrong] : all) {
    nlohmann::json paths;
    for (const auto& [path, what] : wrong) {
      paths[std::string(name_of(path))] = {{"results_by_sub_partition", what.results},
                                           {"flipped", what.flipped}};
    }
    sms.push_back({{"sm", sm}, {"datapaths", paths}});
  }
  return sms;
}

void emit(Context& context, const Comparison& comparison, const Runner& runner) {
  std::map<unsigned, std::uint64_t> by_sm;
  for (const auto& [sm, wrong] : comparison.wrong()) by_sm[sm] = wrong_results(wrong);
  emit_wrong_sms(context, "wrong_results", by_sm,
                 [&](unsigned sm) { return compute::culprit_of(comparison.wrong().at(sm)); });
  if (!by_sm.empty()) context.evidence("wrong_sms", list_of(comparison.wrong()));
  context.evidence("round_us", runner.round_us());
  if (comparison.unexpected().empty()) return;
  nlohmann::json names = nlohmann::json::array();
  for (const Datapath path : comparison.unexpected()) names.push_back(name_of(path));
  context.evidence("unexpected_paths", names);
}

/// Sets of all tasks, and what each launch in them takes.
struct Schedule {
  std::size_t sets;
  double launch_s;
};

Schedule schedule_of(double duration_s, std::size_t tasks) {
  const double longest_set_s = kLongestLaunch_s * static_cast<double>(tasks);
  const double sets = std::max(1.0, std::ceil(duration_s / longest_set_s));
  return {static_cast<std::size_t>(sets),
          std::max(kLaunch_s, duration_s / sets / static_cast<double>(tasks))};
}

void run(Context& context) {
  const std::vector<Task> tasks = all_tasks();
  const Schedule schedule = schedule_of(context.duration_s(), tasks.size());
  Comparison comparison;
  Runner runner(context.gpu(), comparison);
  try {
    const std::size_t all = schedule.sets * tasks.size();
    for (std::size_t i = 0; i < all; ++i) {
      runner.run(tasks[i % tasks.size()], schedule.launch_s);
      context.progress(static_cast<double>(i + 1) / static_cast<double>(all));
    }
  } catch (const DeviceError&) {
    emit(context, comparison, runner);  // what was found before the device gave up stands
    throw;
  }
  emit(context, comparison, runner);
  context.measure("sms", static_cast<double>(comparison.sms_of_all()), Unit::count);
  context.measure("datapaths", static_cast<double>(comparison.paths()), Unit::count);
  context.measure("unexpected_datapaths", static_cast<double>(comparison.unexpected().size()), Unit::count);
  context.measure("digest", comparison.digest());
}

double device_seconds(const DeviceSpeed& speed, double duration_s) {
  const std::vector<Task> tasks = all_tasks();
  const Schedule schedule = schedule_of(duration_s, tasks.size());
  constexpr unsigned kSms = 132;  // of an H200
  double first_s = 0;
  for (const Task& task : tasks) {
    Work work = compute::work_of_round(task.path, kSms);
    work *= kFirstRounds;
    first_s += speed.seconds(work);
  }
  return first_s + static_cast<double>(schedule.sets * tasks.size()) * schedule.launch_s;
}

const Registered compute_sm{{
    .name = "compute.sm",
    .summary = "Every multiprocessor computes, holds and moves the same bits as every other one, on all of "
               "its datapaths",
    .scope = Scope::gpu,
    .measures =
        {
            {.name = "wrong_results",
             .meaning = "results of a thread's round of work that differ from the other SMs', from the first "
                        "round's or from what the CPU worked out; the worst eight SMs",
             .subcomponent = "sm",
             .numbered = true},
            {.name = kCulprit,
             .unit = Unit::text,
             .meaning = "datapath, sub-partition, and register, bank and bit where they can be told",
             .subcomponent = "sm",
             .judged = false,
             .numbered = true},
            {"sms", Unit::count, "SMs that were seen to do all of the work", ""},
            {"datapaths", Unit::count, "datapaths that were worked on", ""},
            {"unexpected_datapaths", Unit::count,
             "those on which fewer than half of the SMs agree with one another or with what the CPU worked "
             "out",
             ""},
            {"digest", Unit::text, "of all results, as most SMs found them: the same on every GPU", ""},
        },
    .findings = {"compute.wrong_result", "compute.differs_from_peers", "compute.unexpected_result",
                 "compute.coverage"},
    .run = run,
    .detects = "SMs, sub-partitions, registers and banks of shared memory that get a bit wrong, always or "
               "now and then, in any of 16 datapaths; a GPU whose SMs all compute otherwise than its peers'",
    .misses = "what goes wrong only beside other work or at the power limit; texture units, video engines; "
              "the registers, 47 of 255 a thread, that the test itself needs",
    .device_evidence = "never run on a GPU",
    .loads = {Resource::cores, Resource::tensor_cores},
    .device_seconds = device_seconds,
}};

}  // namespace
}  // namespace assay
