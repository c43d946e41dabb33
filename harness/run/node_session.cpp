#include "harness/run/node_session.h"

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "harness/node/nvml_client.h"
#include "harness/node_real/real_clock.h"
#include "harness/node_sim/plant.h"
#include "harness/node_sim/virtual_clock.h"

namespace assay::run {
namespace {

class RealNode : public NodeSession {
 public:
  bool simulated() const override { return false; }
  Clock& clock() override { return clock_; }
  telemetry::SamplerStart sampler_start() override { return {kNvmlLibrary, "", {}, "/dev/kmsg"}; }
  NodeAddress new_worker_address() override { return {}; }

 private:
  RealClock clock_;
};

class SimulatedNode : public NodeSession {
 public:
  SimulatedNode(sim::SharedState state, std::string state_path)
      : state_(std::move(state)),
        state_path_(std::move(state_path)),
        seat_(sim::take_seat(state_->clock)),
        clock_(state_, seat_) {}
  ~SimulatedNode() override { sim::leave_seat(state_->clock, seat_); }

  bool simulated() const override { return true; }
  Clock& clock() override { return clock_; }

  telemetry::SamplerStart sampler_start() override {
    for (int i = 0; i < state_->gpu_count; ++i) {
      if (state_->dynamic[i].present != 0) sampler_seats_.push_back(new_seat());  // as many as NVML will list
    }
    return {simulated_library_path(), state_path_, sampler_seats_, state_->kernel_log_path};
  }

  NodeAddress new_worker_address() override { return {true, state_path_, new_seat()}; }
  void worker_gone(const NodeAddress& worker, const Part& part) override {
    if (const int gpu = sim::gpu_index_of_slot(*state_, gpu_slot(part).value_or(-1)); gpu >= 0) {
      const Nanoseconds now = sim::now(state_->clock);
      const sim::Lock lock(state_->mutex);
      sim::release_gpu(*state_, gpu, now);
    }
    sim::leave_seat(state_->clock, worker.seat);
  }
  void sampler_gone() override {
    for (const sim::Seat seat : std::exchange(sampler_seats_, {})) sim::leave_seat(state_->clock, seat);
  }
  void worker_waits(const NodeAddress& worker) override { sim::park(state_->clock, worker.seat); }
  void worker_resumes(const NodeAddress& worker) override { sim::unpark(state_->clock, worker.seat); }
  void let_time_pass() override { sim::park(state_->clock, seat_); }
  void hold_time() override { sim::unpark(state_->clock, seat_); }
  void moved_to(const RunFolder& folder) override {
    state_path_ = folder.simulated_state();
    const sim::Lock lock(state_->mutex);
    sim::set_text(state_->kernel_log_path, folder.simulated_kernel_log());
  }

 private:
  sim::Seat new_seat() {
    const sim::Seat seat = sim::take_seat(state_->clock);
    if (seat < 0) throw std::runtime_error("the simulated node has no seat left at its clock");
    return seat;
  }

  sim::SharedState state_;
  std::string state_path_;
  sim::Seat seat_;
  sim::VirtualClock clock_;
  std::vector<sim::Seat> sampler_seats_;
};

}  // namespace

std::unique_ptr<NodeSession> open_real_node() {
  return std::make_unique<RealNode>();
}

std::unique_ptr<NodeSession> build_simulated_node(const RunFolder& folder, sim::NodeSetup setup) {
  auto state = sim::SharedState::create(folder.simulated_state());
  setup.kernel_log_path = folder.simulated_kernel_log();
  write_file(setup.kernel_log_path, "");
  using namespace std::chrono;
  // On a whole second: where the samples fall within a step must not depend on when the run was started.
  setup.start = duration_cast<seconds>(system_clock::now().time_since_epoch()).count() * kSecond;
  sim::build_state(*state, setup);
  return std::make_unique<SimulatedNode>(std::move(state), folder.simulated_state());
}

std::unique_ptr<NodeSession> reopen_simulated_node(const RunFolder& folder) {
  auto state = sim::SharedState::attach(folder.simulated_state());
  sim::clear_seats(state->clock);
  {
    const sim::Lock lock(state->mutex);
    sim::set_text(state->kernel_log_path, folder.simulated_kernel_log());  // the folder may have been moved
    for (int gpu = 0; gpu < state->gpu_count; ++gpu) sim::release_gpu(*state, gpu, state->clock.now);
  }
  return std::make_unique<SimulatedNode>(std::move(state), folder.simulated_state());
}

std::string simulated_library_path() {
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (const char* candidate : {"simulated/libnvidia-ml.so.1", "../lib/assay/simulated/libnvidia-ml.so.1"}) {
    const auto path = folder / candidate;
    if (std::filesystem::exists(path)) return path.string();
  }
  throw std::runtime_error("the simulator's libnvidia-ml.so.1 is not beside " + folder.string());
}

}  // namespace assay::run
