#include "harness/node_sim/simulated_backend.h"

#include <malloc.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/terminal.h"
#include "harness/node/cublaslt_client.h"
#include "harness/node/nccl_client.h"
#include "harness/node/nvml_client.h"
#include "harness/node_sim/cublaslt_host.h"
#include "harness/node_sim/nccl_host.h"
#include "harness/node_sim/plant.h"
#include "harness/node_sim/sim_gpu.h"
#include "harness/node_sim/simulated_files.h"
#include "harness/node_sim/simulated_host.h"
#include "harness/node_sim/virtual_clock.h"

namespace assay::sim {
namespace {

std::string state_in(const std::string& folder) {
  return folder + "/" + kStateFile;
}

std::string kernel_log_in(const std::string& folder) {
  return folder + "/" + kKernelLogFile;
}

SharedState state_at(const NodeAddress& address) {
  return SharedState::attach(address.at("state").get<std::string>());
}

class SimulatedWorkerNode final : public WorkerNode {
 public:
  explicit SimulatedWorkerNode(const NodeAddress& address)
      : state_(state_at(address)),
        seats_(address.at("seats").get<std::vector<Seat>>()),
        sharers_(address.at("sharers").get<std::vector<Sharers>>()),
        checks_(seats_.size()) {
    for (const Seat seat : seats_) clocks_.push_back(std::make_unique<VirtualClock>(state_, seat));
    host_.emplace(state_, *clocks_.at(0));
  }
  Clock& clock(std::size_t body) override { return *clocks_.at(body); }
  std::unique_ptr<Gpu> open_gpu(const Part& slot, const std::string&, std::uint64_t seed,
                                std::size_t body) override {
    return std::make_unique<SimGpu>(state_, slot.gpu_slot().value_or(-1), clock(body), seed,
                                    sharers_.at(body), checks_.at(body), seats_.at(body));
  }
  Host& host() override { return *host_; }
  std::unique_ptr<Library> cublaslt(std::string& why_not) override {
    return open_simulated_cublaslt(why_not);
  }
  std::unique_ptr<Library> nccl(std::string& why_not) override { return open_simulated_nccl(why_not); }
  void body_begins(std::size_t body, const std::string& check) override {
    checks_.at(body) = check;
    const double seconds = state_->plant.speed.worker_s;
    clock(body).sleep_for(nanoseconds_of(seconds));
  }
  void body_done(std::size_t body) override { park(state_->clock, seats_.at(body)); }

 private:
  SharedState state_;
  // One a body.
  std::vector<Seat> seats_;
  std::vector<Sharers> sharers_;
  std::vector<std::string> checks_;
  std::vector<std::unique_ptr<VirtualClock>> clocks_;
  std::optional<SimulatedHost> host_;
};

class SimulatedSamplerNode final : public SamplerNode {
 public:
  explicit SimulatedSamplerNode(const NodeAddress& address)
      : state_path_(address.at("state").get<std::string>()),
        state_(SharedState::attach(state_path_)),
        seats_(address.at("seats").get<std::vector<Seat>>()) {}
  std::string management_library() const override { return simulated_library_path(); }
  std::string library_node() const override { return state_path_; }
  std::string kernel_log() const override {
    if (find_fault(*state_, "kernel_log_unreadable", kNoSlot)) return "/dev/kmsg-is-not-here";
    return state_->kernel_log_path;
  }
  Nanoseconds now() const override { return sim::now(state_->clock); }
  std::unique_ptr<Clock> clock_of_gpu(int index) override {
    return std::make_unique<VirtualClock>(state_, seats_.at(static_cast<std::size_t>(index)));
  }

 private:
  std::string state_path_;
  SharedState state_;
  std::vector<Seat> seats_;  // one a GPU
};

/// Emulated blocks take and free the same memory again and again, and every time that the library gives it
/// back to the system its pages are to be had anew: in a quick run 125,000 page faults, half of its time.
void keep_freed_memory() {
  constexpr int kKeptBytes = 16 << 20;
  mallopt(M_TOP_PAD, kKeptBytes);
}

class SimulatedBackend final : public Backend {
 public:
  SimulatedBackend() { keep_freed_memory(); }
  std::unique_ptr<WorkerNode> worker_node(const NodeAddress& address) const override {
    return std::make_unique<SimulatedWorkerNode>(address);
  }
  std::unique_ptr<SamplerNode> sampler_node(const NodeAddress& address) const override {
    return std::make_unique<SimulatedSamplerNode>(address);
  }
};

class SimulatedNode final : public NodeSession {
 public:
  SimulatedNode(SharedState state, std::string state_path)
      : state_(std::move(state)),
        state_path_(std::move(state_path)),
        seat_(take_seat(state_->clock)),
        clock_(state_, seat_),
        files_(state_) {}
  ~SimulatedNode() override {
    leave_seat(state_->clock, seat_);
    name_idle_answers();
  }

  bool simulated() const override { return true; }
  Clock& clock() override { return clock_; }
  const Backend& backend() const override { return simulated_backend(); }
  const HostFiles& host_files() const override { return files_; }

  NodeAddress sampler_address() override {
    for (int i = 0; i < state_->gpu_count; ++i) {
      if (state_->dynamic[i].present != 0) sampler_seats_.push_back(new_seat());  // as many as NVML will list
    }
    return {{"backend", kSimulatedBackend}, {"state", state_path_}, {"seats", sampler_seats_}};
  }

  NodeAddress new_worker_address(const std::vector<Sharers>& of_bodies) override {
    std::vector<Seat> seats;
    for (std::size_t i = 0; i < of_bodies.size(); ++i) seats.push_back(new_seat());
    return {{"backend", kSimulatedBackend}, {"state", state_path_}, {"seats", seats}, {"sharers", of_bodies}};
  }
  void worker_gone(const NodeAddress& worker, pid_t pid) override {
    if (pid != 0) {
      const Nanoseconds now = sim::now(state_->clock);
      const Lock lock(state_->mutex);
      release_process(*state_, now, pid);
    }
    for (const Seat seat : seats_of(worker)) leave_seat(state_->clock, seat);
  }
  void sampler_gone() override {
    for (const Seat seat : std::exchange(sampler_seats_, {})) leave_seat(state_->clock, seat);
  }
  void worker_waits(const NodeAddress& worker) override {
    park(state_->clock, seats_of(worker).front());  // of its bodies, the one that may meet others
  }
  void worker_resumes(const NodeAddress& worker) override { unpark(state_->clock, seats_of(worker).front()); }
  void let_time_pass(Nanoseconds until) override { wait_beside(state_->clock, seat_, until); }
  bool time_is_up(Nanoseconds until) override { return clock_.now() >= until; }
  void hold_time() override { unpark(state_->clock, seat_); }
  void moved_to(const std::string& folder) override {
    state_path_ = state_in(folder);
    const Lock lock(state_->mutex);
    set_text(state_->kernel_log_path, kernel_log_in(folder));
  }

 private:
  /// A fault that nothing met, or that changed nothing, proves nothing: its function may be misspelt.
  void name_idle_answers() const {
    for (int i = 0; i < state_->fault_count; ++i) {
      const FaultState& fault = state_->faults[i];
      const std::string_view function = fault_text(fault, "function");
      if (!fault_text(fault, "step").empty() && fault.calls == 0)
        terminal::err("planted in {}, and no work met it: the step {}\n", Part::gpu(fault.slot),
                      fault_text(fault, "step"));
      if (!function.empty() && fault.calls == 0)
        terminal::err("planted in {}, and never asked for: {}\n", Part::gpu(fault.slot), function);
      if (fault.without_effect > 0)
        terminal::err("planted in {}, and not what {} answers: {} answers were left as they are\n",
                      Part::gpu(fault.slot), function, fault.without_effect);
    }
  }
  static std::vector<Seat> seats_of(const NodeAddress& worker) {
    return worker.at("seats").get<std::vector<Seat>>();
  }
  Seat new_seat() {
    const Seat seat = take_seat(state_->clock);
    if (seat < 0) throw std::runtime_error("the simulated node has no seat left at its clock");
    return seat;
  }

  SharedState state_;
  std::string state_path_;
  Seat seat_;
  VirtualClock clock_;
  SimulatedFiles files_;
  std::vector<Seat> sampler_seats_;
};

}  // namespace

const Backend& simulated_backend() {
  static const SimulatedBackend backend;
  return backend;
}

std::unique_ptr<NodeSession> build_simulated_node(const std::string& folder, NodeSetup setup) {
  auto state = SharedState::create(state_in(folder));
  setup.kernel_log_path = kernel_log_in(folder);
  write_file(setup.kernel_log_path, "");
  using namespace std::chrono;
  // On a whole second: where the samples fall within a step must not depend on when the run was started.
  setup.start = duration_cast<seconds>(system_clock::now().time_since_epoch()).count() * kSecond;
  build_state(*state, setup);
  return std::make_unique<SimulatedNode>(std::move(state), state_in(folder));
}

std::unique_ptr<NodeSession> reopen_simulated_node(const std::string& folder) {
  auto state = SharedState::attach(state_in(folder));
  clear_seats(state->clock);
  {
    const Lock lock(state->mutex);
    set_text(state->kernel_log_path, kernel_log_in(folder));  // the folder may have been moved
    release_own_processes(*state, state->clock.now);
  }
  return std::make_unique<SimulatedNode>(std::move(state), state_in(folder));
}

namespace {

/// Of a stand-in for one of NVIDIA's libraries. Throws std::runtime_error where it is not there.
std::string path_of_stand_in(const std::string& name) {
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (const char* candidate : {"simulated", "../lib/assay/simulated"}) {
    const auto path = folder / candidate / name;
    if (std::filesystem::exists(path)) return path.string();
  }
  throw std::runtime_error("the simulator's " + name + " is not beside " + folder.string());
}

}  // namespace

std::string simulated_library_path() {
  return path_of_stand_in(kNvmlLibrary);
}

namespace {

/// Of the simulator's, with this process's runtime below it.
template <typename Host>
std::unique_ptr<Library> open_stand_in(const std::string& name, const char* attach, Host& host,
                                       std::string& why_not) {
  std::unique_ptr<Library> library;
  try {
    library = Library::open(path_of_stand_in(name), why_not);
  } catch (const std::runtime_error& error) {
    why_not = error.what();
  }
  if (library != nullptr) reinterpret_cast<void (*)(Host*)>(library->symbol(attach))(&host);
  return library;
}

}  // namespace

std::unique_ptr<Library> open_simulated_cublaslt(std::string& why_not) {
  return open_stand_in(kCublasLtLibrary, "assay_simulated_attach", cublaslt::host_of_this_process(), why_not);
}

std::unique_ptr<Library> open_simulated_nccl(std::string& why_not) {
  return open_stand_in(kNcclLibrary, "assay_simulated_nccl_attach", nccl::host_of_this_process(), why_not);
}

}  // namespace assay::sim
