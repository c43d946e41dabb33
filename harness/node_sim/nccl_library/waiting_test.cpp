// What is not over yet: who waits for whom in the stand-in, and what lets go of it.
#include <gtest/gtest.h>

#include <chrono>

#include "harness/node_sim/nccl_library/nccl_library_fixture.h"

namespace assay::nccl {
namespace {

namespace cuda = cuda_emulation;
using cuda::CollectiveCall;
using cuda::Obstacle;

// What is not over by then in real time hangs: what ends ends in microseconds.
constexpr auto kLongEnough = std::chrono::milliseconds(20);

/// Where it stays what it is for a while.
template <typename Value>
void expect_to_stay(const std::function<Value()>& value, Value expected) {
  const auto end = std::chrono::steady_clock::now() + kLongEnough;
  while (std::chrono::steady_clock::now() < end) ASSERT_EQ(value(), expected);
}

cuda::cudaError_t query(RanksOfOneThread& ranks, int rank) {
  ranks.use(rank);
  return cuda::cudaStreamQuery(nullptr);
}

void expect_all_to_hang(RanksOfOneThread& ranks) {
  for (int rank = 0; rank < ranks.count(); ++rank)
    expect_to_stay<cuda::cudaError_t>([&] { return query(ranks, rank); }, cuda::cudaErrorNotReady);
}

TEST_F(NcclLibrary, InitialisationWaitsForAll) {
  RanksOfOneThread ranks(*api_, node_, 3);
  int number = 0;
  float scalar = 1;
  Op op{};
  for (const int rank : {2, 0}) {
    EXPECT_EQ(ranks.begin(rank), Result::in_progress);
    const Comm comm = ranks[rank];
    ASSERT_NE(comm, nullptr) << "init.cc: ncclCommInitRankDev: it is there at once";
    constexpr const char* source = "init.cc: ncclCommEnsureReady";
    constexpr const char* text =
        "Attempt to use communicator before the previous operation returned ncclSuccess";
    hold(*api_, {
                    {"how many", source, argument, [&] { return api_->count(comm, &number); }, text},
                    {"which", source, argument, [&] { return api_->rank(comm, &number); }, text},
                    {"where", source, argument, [&] { return api_->device(comm, &number); }, text},
                    {"an operator", source, argument,
                     [&] {
                       return api_->create_op(&op, &scalar, DataType::f32, ScalarResidence::host_immediate,
                                              comm);
                     },
                     text},
                });
    expect_to_stay<Result>([&] { return ranks.state(rank); }, Result::in_progress);
  }
  ranks.begin(1);
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(ranks.state(rank), Result::success);
    EXPECT_EQ(api_->rank(ranks[rank], &number), Result::success);
    EXPECT_EQ(number, rank);
  }
  ranks.end();
}

TEST_F(NcclLibrary, InitialisationTakesTime) {
  node_.init_s = 2;
  node_.now = 100;
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin(0);
  ranks.begin(1);
  node_.now = 99 + 2 * kSecond;
  EXPECT_EQ(ranks.state(0), Result::in_progress);
  node_.now = 100 + 2 * kSecond;
  EXPECT_EQ(ranks.state(0), Result::success);
  EXPECT_EQ(ranks.state(1), Result::success);
  ranks.end();
}

/// enqueue.cc: ncclEnqueueCheck.
TEST_F(NcclLibrary, ACallTooEarlyIsRefused) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin(0);
  auto* const memory = allocate<float>(1);
  EXPECT_EQ(api_->all_reduce(memory, memory, 1, DataType::f32, Op::sum, ranks[0], nullptr),
            Result::invalid_argument);
  EXPECT_EQ(cuda::cudaStreamQuery(nullptr), cuda::cudaSuccess) << "nothing was launched";
}

/// init.cc: ncclCommDestroy: the thread is left inside a group.
TEST_F(NcclLibrary, DestructionTooEarlyIsRefused) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin(0);
  EXPECT_EQ(api_->finalize(ranks[0]), Result::invalid_argument) << "init.cc: ncclCommFinalize";
  EXPECT_EQ(api_->destroy(ranks[0]), Result::invalid_argument);
  EXPECT_EQ(api_->group_end(), Result::success);
  EXPECT_EQ(api_->group_end(), Result::invalid_usage);
}

/// enqueue.cc: ncclEnqueueCheck: an error of a call sticks where the communicator does not block.
TEST_F(NcclLibrary, AnErrorSticksToWhatDoesNotBlock) {
  RanksOfOneThread ranks(*api_, node_, 1);
  ranks.begin_all();
  const Comm comm = ranks[0];
  auto* const memory = allocate<float>(1);
  const auto broadcast = [&](int root) {
    return api_->broadcast(memory, memory, 1, DataType::f32, root, comm, nullptr);
  };
  int number = 0;
  EXPECT_EQ(broadcast(0), Result::success);
  EXPECT_EQ(broadcast(1), Result::invalid_argument);
  EXPECT_EQ(ranks.state(0), Result::invalid_argument);
  EXPECT_EQ(broadcast(0), Result::invalid_argument);
  EXPECT_EQ(api_->count(comm, &number), Result::invalid_argument);
  EXPECT_EQ(api_->finalize(comm), Result::invalid_argument);
}

TEST_F(NcclLibrary, FinalisationWaitsForAll) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  EXPECT_EQ(api_->finalize(ranks[1]), Result::in_progress);
  expect_to_stay<Result>([&] { return ranks.state(1); }, Result::in_progress);
  EXPECT_EQ(api_->finalize(ranks[1]), Result::invalid_argument) << "init.cc: ncclCommEnsureReady";
  api_->finalize(ranks[0]);
  EXPECT_EQ(ranks.state(0), Result::success);
}

/// enqueue.cc: taskAppend: no elements are no call, whatever the others ask for; a send of nothing is one.
TEST_F(NcclLibrary, OnlySendsOfNothingNeedAPeer) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  const Comm comm = ranks.use(0);
  auto* const memory = allocate<float>(8);
  constexpr DataType type = DataType::f32;
  for (const Result called : {api_->all_reduce(memory, memory, 0, type, Op::sum, comm, nullptr),
                              api_->reduce(memory, memory, 0, type, Op::sum, 1, comm, nullptr),
                              api_->reduce_scatter(memory, memory, 0, type, Op::sum, comm, nullptr),
                              api_->all_gather(memory, memory, 0, type, comm, nullptr),
                              api_->broadcast(memory, memory, 0, type, 1, comm, nullptr),
                              api_->all_to_all(memory, memory, 0, type, comm, nullptr),
                              api_->gather(memory, memory, 0, type, 0, comm, nullptr),
                              api_->scatter(memory, memory, 0, type, 1, comm, nullptr)})
    EXPECT_EQ(called, Result::success);
  EXPECT_EQ(query(ranks, 0), cuda::cudaSuccess);
  EXPECT_EQ(api_->send(memory, 0, type, 1, comm, nullptr), Result::success);
  expect_to_stay<cuda::cudaError_t>([&] { return query(ranks, 0); }, cuda::cudaErrorNotReady);
  EXPECT_EQ(api_->receive(memory, 0, type, 0, ranks.use(1), nullptr), Result::success);
  EXPECT_EQ(query(ranks, 0), cuda::cudaSuccess);
  EXPECT_EQ(query(ranks, 1), cuda::cudaSuccess);
  ranks.end();
}

/// What ranks disagree about is nobody's error (argcheck.cc looks at one rank): their kernels do not end.
TEST_F(NcclLibrary, DisagreementHangsUntilItIsAborted) {
  const auto hangs = [&](const std::function<Result(Comm, float*)>& of_first,
                         const std::function<Result(Comm, float*)>& of_second) {
    PlainNode node;
    RanksOfOneThread ranks(*api_, node, 2);
    ranks.begin_all();
    ranks.for_each([&](int rank, Comm comm) {
      EXPECT_EQ((rank == 0 ? of_first : of_second)(comm, allocate<float>(16)), Result::success);
    });
    expect_all_to_hang(ranks);
    for (int rank = 0; rank < 2; ++rank)
      EXPECT_EQ(ranks.state(rank), Result::success) << "init.cc: ncclCommGetAsyncError: no dead peer is seen";
    ranks.abort_all();
    ranks.sync_all();
    for (int rank = 0; rank < 2; ++rank) EXPECT_EQ(query(ranks, rank), cuda::cudaSuccess);
  };
  const auto reduced = [&](std::size_t count, DataType type, Op op) {
    return [=, this](Comm comm, float* memory) {
      return api_->all_reduce(memory, memory, count, type, op, comm, nullptr);
    };
  };
  const auto broadcast = [&](int root) {
    return [=, this](Comm comm, float* memory) {
      return api_->broadcast(memory, memory, 8, DataType::f32, root, comm, nullptr);
    };
  };
  const auto right = reduced(8, DataType::f32, Op::sum);
  hangs(right, reduced(7, DataType::f32, Op::sum));
  hangs(right, reduced(8, DataType::i32, Op::sum));
  hangs(right, reduced(8, DataType::f32, Op::max));
  hangs(right, broadcast(0));
  hangs(broadcast(0), broadcast(1));
  hangs([&](Comm comm, float* memory) { return api_->send(memory, 4, DataType::f32, 1, comm, nullptr); },
        [&](Comm comm, float* memory) { return api_->receive(memory, 3, DataType::f32, 0, comm, nullptr); });
}

TEST_F(NcclLibrary, ObstaclesOfTheFabricAreMet) {
  Obstacle met = Obstacle::none;
  node_.obstacle = [&](int slot, const CollectiveCall& call) {
    return slot == 1 && std::string(call.function) == "AllReduce" ? met : Obstacle::none;
  };
  for (const Obstacle obstacle : {Obstacle::never_enters, Obstacle::hangs, Obstacle::another_count}) {
    met = obstacle;
    RanksOfOneThread ranks(*api_, node_, 2);
    ranks.begin_all();
    ranks.for_each([&](int, Comm comm) {
      auto* const memory = allocate<float>(8);
      EXPECT_EQ(api_->all_reduce(memory, memory, 8, DataType::f32, Op::sum, comm, nullptr), Result::success);
    });
    expect_all_to_hang(ranks);
  }
  for (const Obstacle obstacle : {Obstacle::reported_failure, Obstacle::no_shared_memory}) {
    met = obstacle;
    RanksOfOneThread ranks(*api_, node_, 2);
    ranks.begin_all();
    auto* const memory = allocate<float>(8);
    EXPECT_EQ(api_->all_reduce(memory, memory, 8, DataType::f32, Op::sum, ranks.use(1), nullptr),
              Result::system_error);
    EXPECT_EQ(ranks.state(1), Result::system_error);
    EXPECT_EQ(ranks.state(0), Result::success);
  }
}

TEST_F(NcclLibrary, AbortLetsGoOfAThreadThatWaits) {
  const UniqueId id = make_id(*api_);
  std::atomic<Comm> of_other = nullptr;
  std::atomic<bool> waits = false, let_go = false;
  std::thread other([&] {
    const RankDevice device(node_, 1);
    Comm comm = nullptr;
    EXPECT_EQ(api_->init_rank(&comm, 2, id, 1), Result::success);
    auto* const memory = allocate<float>(8);
    EXPECT_EQ(api_->all_reduce(memory, memory, 8, DataType::f32, Op::sum, comm, nullptr), Result::success);
    of_other = comm;
    waits = true;
    EXPECT_EQ(cuda::cudaStreamSynchronize(nullptr), cuda::cudaSuccess);
    let_go = true;
  });
  {
    const RankDevice device(node_, 0);
    Comm comm = nullptr;
    EXPECT_EQ(api_->init_rank(&comm, 2, id, 0), Result::success);
    while (!waits) std::this_thread::yield();
    std::this_thread::sleep_for(kLongEnough);
    EXPECT_FALSE(let_go);
    abort_and_keep(*api_, of_other);
    other.join();
    EXPECT_TRUE(let_go);
    abort_and_keep(*api_, comm);
  }
}

/// init.cc: commReclaim: what an aborted one has is freed.
TEST_F(NcclLibrary, TheAbortedMakeRoom) {
  for (int time = 0; time < 20; ++time) {
    RanksOfOneThread ranks(*api_, node_, 2);
    ranks.begin_all();
    ranks.abort_all();
  }
}

TEST_F(NcclLibrary, EventsAreBehindWhatCameBefore) {
  node_.call_s = 1e-3;
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  const Comm comm = ranks.use(0);
  auto* const memory = allocate<float>(8);
  cuda::cudaEvent_t before = nullptr, behind = nullptr;
  ASSERT_EQ(cuda::cudaEventCreate(&before), cuda::cudaSuccess);
  ASSERT_EQ(cuda::cudaEventCreate(&behind), cuda::cudaSuccess);
  EXPECT_EQ(cuda::cudaEventRecord(before), cuda::cudaSuccess);
  EXPECT_EQ(api_->all_reduce(memory, memory, 8, DataType::f32, Op::sum, comm, nullptr), Result::success);
  EXPECT_EQ(cuda::cudaEventRecord(behind), cuda::cudaSuccess);
  EXPECT_EQ(cuda::cudaEventQuery(before), cuda::cudaSuccess);
  expect_to_stay<cuda::cudaError_t>([&] { return cuda::cudaEventQuery(behind); }, cuda::cudaErrorNotReady);
  float milliseconds = 0;
  EXPECT_EQ(cuda::cudaEventElapsedTime(&milliseconds, before, behind), cuda::cudaErrorNotReady);

  const Comm other = ranks.use(1);
  auto* const of_other = allocate<float>(8);
  node_.now = 2'000'000;
  EXPECT_EQ(api_->all_reduce(of_other, of_other, 8, DataType::f32, Op::sum, other, nullptr), Result::success);
  ranks.use(0);
  node_.now = 3'000'000 - 1;
  EXPECT_EQ(cuda::cudaEventQuery(behind), cuda::cudaErrorNotReady) << "2 ms late, and 1 ms long";
  EXPECT_EQ(cuda::cudaEventSynchronize(behind), cuda::cudaSuccess);
  EXPECT_EQ(node_.now, 3'000'000);
  EXPECT_EQ(cuda::cudaEventQuery(behind), cuda::cudaSuccess);
  EXPECT_EQ(cuda::cudaEventElapsedTime(&milliseconds, before, behind), cuda::cudaSuccess);
  EXPECT_FLOAT_EQ(milliseconds, 3);
  EXPECT_EQ(cuda::cudaEventDestroy(before), cuda::cudaSuccess);
  EXPECT_EQ(cuda::cudaEventDestroy(behind), cuda::cudaSuccess);
  ranks.sync_all();
  ranks.end();
}

/// enqueue.cc: ncclPlannerSetCapturingGraph.
TEST_F(NcclLibrary, AGraphIsDoneAsOftenAsItIsLaunched) {
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  std::vector<float*> memory;
  std::vector<cuda::cudaStream_t> streams;
  std::vector<cuda::cudaGraphExec_t> graphs;
  ranks.for_each([&](int, Comm comm) {
    memory.push_back(allocate<float>(1));
    *memory.back() = 1;
    cuda::cudaStream_t stream = nullptr;
    cuda::cudaGraph_t graph = nullptr;
    cuda::cudaGraphExec_t executable = nullptr;
    EXPECT_EQ(cuda::cudaStreamCreateWithFlags(&stream, cuda::cudaStreamNonBlocking), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaStreamBeginCapture(stream, cuda::cudaStreamCaptureModeThreadLocal),
              cuda::cudaSuccess);
    EXPECT_EQ(api_->all_reduce(memory.back(), memory.back(), 1, DataType::f32, Op::sum, comm, stream),
              Result::success);
    EXPECT_EQ(cuda::cudaStreamEndCapture(stream, &graph), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaGraphInstantiate(&executable, graph, 0), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaGraphDestroy(graph), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaStreamQuery(stream), cuda::cudaSuccess) << "nothing runs";
    streams.push_back(stream);
    graphs.push_back(executable);
  });
  for (const float sum : {2.0f, 4.0f}) {
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(*memory[i], sum / 2);
    ranks.for_each([&](int rank, Comm) {
      const auto i = static_cast<std::size_t>(rank);
      EXPECT_EQ(cuda::cudaGraphLaunch(graphs[i], streams[i]), cuda::cudaSuccess);
      EXPECT_EQ(cuda::cudaStreamQuery(streams[i]), rank == 0 ? cuda::cudaErrorNotReady : cuda::cudaSuccess);
    });
    ranks.for_each([&](int rank, Comm) {
      const auto i = static_cast<std::size_t>(rank);
      EXPECT_EQ(cuda::cudaStreamSynchronize(streams[i]), cuda::cudaSuccess);
      EXPECT_EQ(*memory[i], sum);
    });
  }
  ranks.for_each([&](int rank, Comm) {
    const auto i = static_cast<std::size_t>(rank);
    EXPECT_EQ(cuda::cudaGraphExecDestroy(graphs[i]), cuda::cudaSuccess);
    EXPECT_EQ(cuda::cudaStreamDestroy(streams[i]), cuda::cudaSuccess);
  });
  ranks.end();
}

}  // namespace
}  // namespace assay::nccl
