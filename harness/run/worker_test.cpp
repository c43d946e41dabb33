#include "harness/run/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "harness/ipc/channel.h"
#include "harness/run/assignment.h"

namespace assay::run {
namespace {

/// Remembers who let go of its seat at the clock.
struct SeatsOfANode : Backend {
  struct Worker : WorkerNode {
    explicit Worker(SeatsOfANode& seats) : seats_(seats) {}
    Clock& clock(std::size_t) override { throw std::logic_error("no test of these sleeps"); }
    std::unique_ptr<Gpu> open_gpu(const Part&, const std::string&, std::uint64_t, std::size_t) override {
      throw std::logic_error("no test of these has a GPU");
    }
    Host& host() override { throw std::logic_error("no test of these asks for the host"); }
    std::unique_ptr<Library> cublaslt(std::string&) override { return nullptr; }
    std::unique_ptr<Library> nccl(std::string&) override { return nullptr; }
    void body_done(std::size_t body) override {
      const std::lock_guard lock(seats_.mutex);
      seats_.done.push_back(body);
    }
    SeatsOfANode& seats_;
  };
  std::unique_ptr<WorkerNode> worker_node(const NodeAddress&) const override {
    return std::make_unique<Worker>(const_cast<SeatsOfANode&>(*this));
  }
  std::unique_ptr<SamplerNode> sampler_node(const NodeAddress&) const override { return nullptr; }

  std::mutex mutex;
  std::vector<std::size_t> done;
};

/// Both ends of a worker's channel.
struct WorkerTest : testing::Test {
  void assign(const std::vector<std::string>& checks) {
    Assignment assignment;
    assignment.part = "gpu0";
    for (const std::string& check : checks) assignment.bodies.push_back({check, "", 1, 0, 1, ""});
    ipc::Channel(sockets.parent.get()).send(assignment);
  }

  ipc::SocketPair sockets = ipc::make_socket_pair();
  SeatsOfANode node;
};

TEST_F(WorkerTest, ABodyThatNobodyHearsLetsGoOfItsSeat) {
  assign({"selftest.noise", "selftest.noise"});
  sockets.parent.close();
  EXPECT_EQ(worker_main(sockets.child.get(), node), 1);
  EXPECT_THAT(node.done, testing::SizeIs(1)) << "the last one holds time until its process has ended";
}

}  // namespace
}  // namespace assay::run
