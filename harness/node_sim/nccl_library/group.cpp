#include "harness/node_sim/nccl_library/group.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "harness/node_sim/nccl_library/library.h"
#include "harness/node_sim/nccl_library/perform.h"

namespace assay::nccl {
namespace {

/// Bytes as bus bandwidth counts them: of all ranks together where each has a part.
std::uint64_t bytes_of_all(const Task& task, int ranks) {
  const std::uint64_t own = task.count * bytes_of(task.type);
  const bool parts = task.function == Function::all_gather || task.function == Function::reduce_scatter;
  return parts ? own * static_cast<std::uint64_t>(ranks) : own;
}

/// What a rank sends, as nccl-tests' bus bandwidth counts it (PERFORMANCE.md).
double bus_bytes(Function function, double bytes, int ranks) {
  const double others = (ranks - 1.0) / ranks;
  switch (function) {
    case Function::all_reduce:
      return 2 * others * bytes;
    case Function::all_gather:
    case Function::reduce_scatter:
      return others * bytes;
    default:
      return ranks > 1 ? bytes : 0;
  }
}

std::string without_algorithm(const Task& task) {
  std::string text = std::string("Error : no algorithm/protocol available for function ") +
                     name_of(task.function) + " with datatype " + name_of(task.type) + ".";
  for (const char* const variable : {"NCCL_ALGO", "NCCL_PROTO"}) {
    if (const char* const value = std::getenv(variable))
      text += std::string(" ") + variable + " was set to " + value + ".";
  }
  return text;
}

/// Into `batch`. Not success: there is no way to do it.
Result plan_collective(const Task& task, double stand_for, Batch& batch) {
  Rank& rank = *task.comm->rank;
  const auto bytes = static_cast<double>(bytes_of_all(task, rank.ranks())) * stand_for;
  std::optional<Choice> choice = Choice{Algorithm::ring, Protocol::ll, 1};
  if (rank.ranks() > 1)  // alone, it is launched without asking (onerank.cu)
    choice =
        choose(rank.settings(), {task.function, task.type, task.reduction, static_cast<std::uint64_t>(bytes)},
               {rank.nodes(), rank.multicast()});
  if (!choice) return fail(Result::invalid_usage, without_algorithm(task));
  Post post{};
  post.function = task.function;
  post.type = task.type;
  post.reduction = task.reduction;
  post.root = task.peer;
  post.count = task.count;
  post.send = task.send;
  post.receive = task.receive;
  post.choice = *choice;
  batch.collective = post;
  batch.call = call_of(post);
  batch.element_bytes = bytes_of(task.type);
  batch.bytes = bus_bytes(task.function, bytes, rank.ranks());
  return Result::success;
}

}  // namespace

Group& Group::mine() {
  static thread_local Group group;
  return group;
}

Result Group::remember(Result result) {
  if (depth_ > 0 && result != Result::success && result != Result::in_progress) error_ = result;
  return result;
}

Result Group::end() {
  if (depth_ == 0) return fail(Result::invalid_usage, "ncclGroupEnd: not in a group call.");
  if (--depth_ > 0) return Result::success;
  Result result = std::exchange(error_, Result::success);
  if (result == Result::success) result = launch();
  for (const Task& task : tasks_) {  // groupCleanup
    if (result != Result::success && !task.comm->rank->blocking()) task.comm->state = result;
  }
  tasks_.clear();
  return result;
}

namespace {

/// The sends and receives of one communicator in a group: to oneself they have to match.
Result plan_exchanges(const std::vector<Task>& tasks, Comm comm, double stand_for, Batch& batch) {
  Rank& rank = *comm->rank;
  int to_itself = 0;
  for (const Task& task : tasks) {
    if (task.comm != comm || task.function != Function::send_receive) continue;
    const bool sends = task.receive == nullptr;
    const std::uint64_t bytes = task.count * bytes_of(task.type);
    Exchange exchange{};
    exchange.sends = sends;
    exchange.peer = task.peer;
    exchange.bytes = bytes;
    exchange.memory = sends ? const_cast<void*>(task.send) : task.receive;
    batch.exchanges.push_back(exchange);
    batch.element_bytes = bytes_of(task.type);
    if (task.peer == rank.rank()) {
      to_itself += sends ? 1 : -1;
    } else if (sends) {
      batch.bytes += static_cast<double>(bytes) * stand_for;
    }
    const bool small = static_cast<double>(bytes) * stand_for <= 16 << 10;
    batch.call = {"SendRecv", "P2P", small ? "LL" : "SIMPLE", name_of(task.type), 0};
  }
  if (to_itself != 0)
    return fail(Result::invalid_usage, to_itself > 0 ? "Trying to send to self without a matching recv"
                                                     : "Trying to recv to self without a matching send");
  return Result::success;
}

}  // namespace

Result Group::launch() {
  struct Launch {
    Comm comm;
    Stream stream;
    Batch batch;
  };
  std::vector<Launch> launches;
  const double stand_for = host()->launches_stand_for();
  std::vector<Comm> with_exchanges;
  for (const Task& task : tasks_) {
    if (task.function == Function::send_receive) {
      if (std::find(with_exchanges.begin(), with_exchanges.end(), task.comm) != with_exchanges.end())
        continue;
      with_exchanges.push_back(task.comm);
    }
    Launch launch{task.comm, task.stream, {}};
    const Result planned = task.function == Function::send_receive
                               ? plan_exchanges(tasks_, task.comm, stand_for, launch.batch)
                               : plan_collective(task, stand_for, launch.batch);
    if (planned != Result::success) return planned;
    launches.push_back(std::move(launch));
  }
  for (const Launch& launch : launches) {
    const auto rank = launch.comm->rank;
    // In a graph, as often as that is launched: to RAS it is no call (profiler.cc:
    // ncclProfilerStartTaskEvents).
    const auto launch_it = [rank, stream = launch.stream, batch = launch.batch] {
      host()->put_gate(stream, rank->enqueue(batch));
    };
    if (!host()->record_in_graph(launch.stream, launch_it)) launch_it();
  }
  return Result::success;
}

}  // namespace assay::nccl
