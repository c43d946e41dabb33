// Ranks of the stand-in for NCCL in one process: devices without a plant whose fabric and clock the test
// holds, each rank in a thread of its own, or all of them in the test's.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/node/library.h"
#include "harness/node/nccl_abi.h"
#include "harness/node_sim/cuda_emulation/fabric.h"
#include "harness/node_sim/cuda_emulation/plain_device.h"
#include "harness/node_sim/cuda_emulation/runtime.h"
#include "harness/node_sim/simulated_backend.h"

namespace assay::nccl {

// Of namespace scope: the rows of tables outlive the functions that make them.
inline constexpr Result ok = Result::success, argument = Result::invalid_argument,
                        usage = Result::invalid_usage;

/// As long as it lives; `value` null: it is not set. Not while another thread may ask for a variable.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* const before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

  void set(const char* value) {
    if (value == nullptr) {
      unsetenv(name_);
    } else {
      setenv(name_, value, 1);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

/// What the devices of a test have in common. Its settings are made before the first rank is.
struct PlainNode {
  /// No rank lives yet, or any more.
  PlainNode() { std::memset(shared(), 0, cuda_emulation::Fabric::kSharedBytes); }
  PlainNode(const PlainNode&) = delete;
  PlainNode& operator=(const PlainNode&) = delete;

  /// The process's: the thread of RAS looks there as long as the process lives.
  static void* shared() {
    alignas(64) static char block[cuda_emulation::Fabric::kSharedBytes];
    return block;
  }
  void wait_until(Nanoseconds time) {
    Nanoseconds seen = now;
    while (seen < time && !now.compare_exchange_weak(seen, time)) {
    }
  }

  std::atomic<Nanoseconds> now = 0;
  bool multicast = false;
  double init_s = 0, call_s = 0;
  std::function<cuda_emulation::Obstacle(int slot, const cuda_emulation::CollectiveCall&)> obstacle;
  /// One at a time: the caller holds the meeting place's mutex.
  std::function<void(const cuda_emulation::CollectiveCall&, const cuda_emulation::Arriving&)> arrive;
};

class PlainFabric final : public cuda_emulation::Fabric {
 public:
  PlainFabric(PlainNode& node, int slot) : node_(node), slot_(slot) {}

  int slot() const override { return slot_; }
  void* shared() override { return PlainNode::shared(); }
  int seat() const override { return -1; }
  void park() override {}
  void park_until(Nanoseconds) override {}
  void unpark(int, Nanoseconds) override {}
  void sleep_while_parked() override { std::this_thread::sleep_for(std::chrono::microseconds(100)); }
  void wait_until(Nanoseconds time) override { node_.wait_until(time); }
  bool multicast() const override { return node_.multicast; }
  bool heeds_settings() const override { return true; }
  double seconds_to_init() const override { return node_.init_s; }
  double seconds_of(const cuda_emulation::CollectiveCall&, double, int) override { return node_.call_s; }
  void carried(const cuda_emulation::CollectiveCall&, double) override {}
  double late_by(const cuda_emulation::CollectiveCall&) override { return 0; }
  cuda_emulation::Obstacle obstacle(const cuda_emulation::CollectiveCall& call) override {
    return node_.obstacle ? node_.obstacle(slot_, call) : cuda_emulation::Obstacle::none;
  }
  void arrive(const cuda_emulation::CollectiveCall& call, const cuda_emulation::Arriving& data) override {
    if (node_.arrive) node_.arrive(call, data);
  }

 private:
  PlainNode& node_;
  int slot_;
};

inline std::string address_in_slot(int slot) {
  return "0000:" + std::to_string(10 + slot) + ":00.0";
}

/// Seen by the thread that makes it.
class RankDevice final : public cuda_emulation::PlainDevice {
 public:
  RankDevice(PlainNode& node, int slot, std::string address)
      : PlainDevice(64 << 20, std::move(address)), node_(node), fabric_(node, slot) {}
  RankDevice(PlainNode& node, int slot) : RankDevice(node, slot, address_in_slot(slot)) {}
  /// What streams of it are behind ends while it still has a fabric.
  ~RankDevice() override { cuda_emulation::hide_device(*this); }
  RankDevice(const RankDevice&) = delete;
  RankDevice& operator=(const RankDevice&) = delete;

  cuda_emulation::Fabric* fabric() override { return &fabric_; }
  Nanoseconds now() override { return node_.now; }

 private:
  PlainNode& node_;
  PlainFabric fabric_;
};

/// On the current device, to be freed with it. Our threads reach it as the host's.
template <typename Element>
Element* allocate(std::size_t count) {
  void* memory = nullptr;
  EXPECT_EQ(cuda_emulation::cudaMalloc(&memory, count * sizeof(Element)), cuda_emulation::cudaSuccess);
  return static_cast<Element*>(memory);
}

struct Api {
  explicit Api(const Library& opened) : library(opened) {}
  const Library& library;

// NOLINTBEGIN(bugprone-macro-parentheses): a member's name can stand in none.
#define ASSAY_NCCL(member, function) \
  decltype(&nccl::function) member = reinterpret_cast<decltype(&nccl::function)>(library.symbol(#function))
  // NOLINTEND(bugprone-macro-parentheses)
  ASSAY_NCCL(version, ncclGetVersion);
  ASSAY_NCCL(unique_id, ncclGetUniqueId);
  ASSAY_NCCL(error_string, ncclGetErrorString);
  ASSAY_NCCL(last_error, ncclGetLastError);
  ASSAY_NCCL(init_rank, ncclCommInitRank);
  ASSAY_NCCL(init, ncclCommInitRankConfig);
  ASSAY_NCCL(async_error, ncclCommGetAsyncError);
  ASSAY_NCCL(count, ncclCommCount);
  ASSAY_NCCL(device, ncclCommCuDevice);
  ASSAY_NCCL(rank, ncclCommUserRank);
  ASSAY_NCCL(finalize, ncclCommFinalize);
  ASSAY_NCCL(destroy, ncclCommDestroy);
  ASSAY_NCCL(abort, ncclCommAbort);
  ASSAY_NCCL(group_start, ncclGroupStart);
  ASSAY_NCCL(group_end, ncclGroupEnd);
  ASSAY_NCCL(create_op, ncclRedOpCreatePreMulSum);
  ASSAY_NCCL(destroy_op, ncclRedOpDestroy);
  ASSAY_NCCL(all_reduce, ncclAllReduce);
  ASSAY_NCCL(reduce, ncclReduce);
  ASSAY_NCCL(reduce_scatter, ncclReduceScatter);
  ASSAY_NCCL(all_gather, ncclAllGather);
  ASSAY_NCCL(broadcast, ncclBroadcast);
  ASSAY_NCCL(all_to_all, ncclAlltoAll);
  ASSAY_NCCL(gather, ncclGather);
  ASSAY_NCCL(scatter, ncclScatter);
  ASSAY_NCCL(send, ncclSend);
  ASSAY_NCCL(receive, ncclRecv);
#undef ASSAY_NCCL
};

/// The stand-in frees nothing of an aborted communicator, which another thread may be inside of: kept here,
/// it is no leak.
inline void abort_and_keep(const Api& api, Comm comm) {
  static std::mutex mutex;
  static auto* const kept = new std::vector<Comm>;
  EXPECT_EQ(api.abort(comm), Result::success);
  const std::lock_guard guard(mutex);
  kept->push_back(comm);
}

inline Result in_a_group(const Api& api, const std::function<void()>& calls) {
  EXPECT_EQ(api.group_start(), Result::success);
  calls();
  return api.group_end();
}

/// A call, what it gives, and who says so.
struct Behaviour {
  const char* what;
  const char* source;
  Result gives;
  std::function<Result()> call;
  const char* last_error = nullptr;  // null: of no interest
};

inline void hold(const Api& api, const std::vector<Behaviour>& table) {
  for (const Behaviour& row : table) {
    SCOPED_TRACE(std::string(row.what) + " (" + row.source + ")");
    EXPECT_EQ(row.call(), row.gives);
    if (row.last_error != nullptr) {
      EXPECT_STREQ(api.last_error(nullptr), row.last_error);
    }
  }
}

/// A rank in its own thread, with a communicator that blocks.
struct RankAtWork {
  const Api& api;
  int rank, ranks;
  Comm comm;

  /// Waits for what was asked for.
  void sync(Result called) const {
    EXPECT_EQ(called, Result::success) << api.last_error(nullptr);
    EXPECT_EQ(cuda_emulation::cudaStreamSynchronize(nullptr), cuda_emulation::cudaSuccess);
  }
};

inline UniqueId make_id(const Api& api) {
  UniqueId id{};
  EXPECT_EQ(api.unique_id(&id), Result::success);
  return id;
}

inline void in_threads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

/// Ranks whose communicators do not block, all of the calling thread: their ordinals are their numbers.
class RanksOfOneThread {
 public:
  RanksOfOneThread(const Api& api, PlainNode& node, int ranks) : api_(api), id_(make_id(api)) {
    for (int rank = 0; rank < ranks; ++rank) add(std::make_unique<RankDevice>(node, rank));
  }
  RanksOfOneThread(const Api& api, std::vector<std::unique_ptr<RankDevice>> devices)
      : api_(api), id_(make_id(api)) {
    for (auto& device : devices) add(std::move(device));
  }
  ~RanksOfOneThread() { abort_all(); }
  RanksOfOneThread(const RanksOfOneThread&) = delete;
  RanksOfOneThread& operator=(const RanksOfOneThread&) = delete;

  int count() const { return static_cast<int>(devices_.size()); }
  Comm operator[](int rank) const { return comms_.at(static_cast<std::size_t>(rank)); }
  /// Makes its device the current one.
  Comm use(int rank) {
    EXPECT_EQ(cuda_emulation::cudaSetDevice(rank), cuda_emulation::cudaSuccess);
    return (*this)[rank];
  }
  Result begin(int rank) {
    use(rank);
    Config config;
    config.blocking = 0;
    return api_.init(&comms_.at(static_cast<std::size_t>(rank)), count(), id_, rank, &config);
  }
  Result state(int rank) const {
    Result state = Result::internal_error;
    EXPECT_EQ(api_.async_error((*this)[rank], &state), Result::success);
    return state;
  }
  void begin_all() {
    for (int rank = 0; rank < count(); ++rank) {
      const Result begun = begin(rank);
      EXPECT_TRUE(begun == Result::success || begun == Result::in_progress) << api_.last_error(nullptr);
    }
    for (int rank = 0; rank < count(); ++rank) EXPECT_EQ(state(rank), Result::success);
  }
  void for_each(const std::function<void(int rank, Comm comm)>& call) {
    for (int rank = 0; rank < count(); ++rank) call(rank, use(rank));
  }
  void sync_all() {
    for_each(
        [](int, Comm) { EXPECT_EQ(cuda_emulation::cudaDeviceSynchronize(), cuda_emulation::cudaSuccess); });
  }
  void abort_all() {
    for (Comm& comm : comms_) {
      if (comm != nullptr) abort_and_keep(api_, std::exchange(comm, nullptr));
    }
  }
  /// As it should be, unlike abort_all().
  void end() {
    for (int rank = 0; rank < count(); ++rank) {
      const Result finalized = api_.finalize((*this)[rank]);
      EXPECT_TRUE(finalized == Result::success || finalized == Result::in_progress);
    }
    for (int rank = 0; rank < count(); ++rank) EXPECT_EQ(state(rank), Result::success);
    for (Comm& comm : comms_) EXPECT_EQ(api_.destroy(std::exchange(comm, nullptr)), Result::success);
  }

 private:
  void add(std::unique_ptr<RankDevice> device) {
    devices_.push_back(std::move(device));
    comms_.push_back(nullptr);
  }

  const Api& api_;
  UniqueId id_;
  std::vector<std::unique_ptr<RankDevice>> devices_;
  std::vector<Comm> comms_;
};

class NcclLibrary : public testing::Test {
 protected:
  NcclLibrary() {
    std::string why_not;
    library_ = sim::open_simulated_nccl(why_not);
    EXPECT_NE(library_, nullptr) << why_not;
    api_.emplace(*library_);
  }

  /// Each rank in its own thread; they all come to be, and end.
  void with_ranks(int ranks, const std::function<void(const RankAtWork&)>& body) {
    const UniqueId id = make_id(*api_);
    in_threads(ranks, [&](int rank) {
      RankDevice device(node_, rank);
      Comm comm = nullptr;
      EXPECT_EQ(api_->init_rank(&comm, ranks, id, rank), Result::success) << api_->last_error(nullptr);
      if (comm == nullptr) return;
      body({*api_, rank, ranks, comm});
      EXPECT_EQ(api_->destroy(comm), Result::success) << api_->last_error(nullptr);
    });
  }
  /// Of one rank, on the current device. It blocks.
  Comm alone() {
    Comm comm = nullptr;
    EXPECT_EQ(api_->init_rank(&comm, 1, make_id(*api_), 0), Result::success) << api_->last_error(nullptr);
    return comm;
  }

  // Whatever the environment of the tests says.
  Variable ras_{"NCCL_RAS_ENABLE", "0"}, ras_address_{"NCCL_RAS_ADDR", nullptr},
      algorithm_{"NCCL_ALGO", nullptr}, protocol_{"NCCL_PROTO", nullptr}, nvls_{"NCCL_NVLS_ENABLE", nullptr},
      host_id_{"NCCL_HOSTID", nullptr}, plugin_{"NCCL_PROFILER_PLUGIN", nullptr};
  PlainNode node_;
  std::unique_ptr<Library> library_;
  std::optional<Api> api_;
};

}  // namespace assay::nccl
