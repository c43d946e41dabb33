// Launches, and what lies over them: one that takes the time of many, and work that overlaps.
#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "harness/node_sim/cuda_emulation/device_code.h"
#include "harness/node_sim/cuda_emulation/host_thread.h"
#include "harness/node_sim/cuda_emulation/runtime.h"

namespace assay::cuda_emulation {
namespace {

/// Device code goes through what is planted in the device, and reads its clocks, only while its launch runs.
class Planted {
 public:
  explicit Planted(Device& device) {
    launching = &device;
    faulty_memory = device.faulty_memory();
    faulty_sms = device.faulty_sms();
  }
  ~Planted() {
    launching = nullptr;
    faulty_memory = nullptr;
    faulty_sms = nullptr;
  }
};

bool may_reach_its_peers(const Device& device, const Work& work) {
  return std::all_of(work.begin(), work.end(), [&](const Demand& demand) {
    return !is_with_peer(demand.kind) || host.access.count({&device, host.device(demand.peer)}) > 0;
  });
}

/// Runs the body on the current device. What breaks in a launch surfaces at the next call, as on the card.
cudaError_t launch_on_device(const Work& work, cudaStream_t stream,
                             const std::function<void(Device&, std::uint64_t seed)>& body) {
  if (!is_of_current(stream)) return remember(cudaErrorInvalidResourceHandle);
  if (host.capturing.count(stream) > 0) return remember(cudaErrorStreamCaptureUnsupported);
  const Device* const current = host.device(host.current);
  const bool whole = current != nullptr && current->broken == cudaSuccess;
  const cudaError_t error = on_device([&](Device& device) {
    if (!comes_to_its_end(&device, stream)) return;
    const Work all = Work(work) *= host.launches_stand_for;
    device.execute(host.overlaps() ? Work() : all, [&] {
      if (!may_reach_its_peers(device, work)) throw DeviceFailure{cudaErrorIllegalAddress};
      const Planted planted(device);
      body(device, device.schedule_seed());
    });
    if (host.overlaps()) host.overlapping.push_back({{&device, all}, stream});
  });
  return whole && current->broken != cudaSuccess ? cudaSuccess : error;
}

cudaError_t launch_grid(const Work& work, cudaStream_t stream,
                        const std::function<void(Device&, std::uint64_t seed)>& run) {
  bool refused_shape = false;
  const cudaError_t error = launch_on_device(work, stream, [&](Device& device, std::uint64_t seed) {
    try {
      run(device, seed);
    } catch (const std::invalid_argument&) {
      refused_shape = true;
    }
  });
  return refused_shape ? remember(cudaErrorInvalidConfiguration) : error;
}

/// Of what an event follows: all in its stream, or, in the thread's own, all on its device.
Nanoseconds longest_before(const Event& event, const Awaited& awaited) {
  Nanoseconds longest = 0;
  for (std::size_t i = 0; i < awaited.before; ++i) {
    const auto& [work, stream] = host.overlapping[i];
    const bool follows =
        awaited.stream == cudaStreamPerThread ? work.device == event.device : stream == awaited.stream;
    if (follows) longest = std::max(longest, work.took);
  }
  return longest;
}

/// In which order blocks come to multiprocessors, nobody promises. Those that are not like the others come
/// first, so that a grid which has less to do than on the card has some for them.
std::vector<unsigned> multiprocessors_of(const Device& device) {
  std::vector<unsigned> all(static_cast<std::size_t>(device.multiprocessors()));
  std::iota(all.begin(), all.end(), 0u);
  if (faulty_sms != nullptr)
    std::stable_partition(all.begin(), all.end(),
                          [](unsigned sm) { return !faulty_sms->like_the_others(sm); });
  return all;
}

}  // namespace

TimeOf::TimeOf(double launches) : before_(host.launches_stand_for) {
  host.launches_stand_for *= launches;
}
TimeOf::~TimeOf() {
  host.launches_stand_for = before_;
}

double launches_stand_for() {
  return host.launches_stand_for;
}

Overlapped::Overlapped(double times) : first_(host.overlapping.size()), times_(times) {
  ++host.overlapped;
}
Overlapped::~Overlapped() {
  if (finished_) return;
  host.overlapped = 0;
  host.overlapping.clear();
  host.awaited.clear();
}
cudaError_t Overlapped::finish() {
  finished_ = true;
  --host.overlapped;
  for (std::size_t i = first_; i < host.overlapping.size(); ++i) host.overlapping[i].work.work *= times_;
  if (host.overlaps()) return cudaSuccess;  // that of the outermost is still to come
  const cudaError_t error = on_device([&](Device& device) {
    std::vector<Concurrent> all;
    for (const OverlappingWork& one : host.overlapping) all.push_back(one.work);
    device.work_together(all);
    for (std::size_t i = 0; i < all.size(); ++i) host.overlapping[i].work.took = all[i].took;
    for (const auto& [event, awaited] : host.awaited) event->time += longest_before(*event, awaited);
  });
  host.overlapping.clear();
  host.awaited.clear();
  return error;
}

cudaError_t launch(dim3 grid, dim3 block, std::size_t shared_bytes, const Work& work, void (*kernel)(void*),
                   void* arguments, cudaStream_t stream) {
  return launch_grid(work, stream, [&](Device& device, std::uint64_t seed) {
    run_grid(grid, block, shared_bytes, seed, kernel, arguments, multiprocessors_of(device));
  });
}

cudaError_t launch_one_block_an_sm(dim3 block, std::size_t shared_bytes, const Work& work,
                                   void (*kernel)(void*), void* arguments, std::vector<StandIn>& stand_ins) {
  return launch_grid(work, cudaStreamPerThread, [&](Device& device, std::uint64_t seed) {
    const auto blocks = static_cast<unsigned>(device.multiprocessors());
    std::vector<PlacedBlock> run;
    std::optional<unsigned> model;
    stand_ins.clear();
    for (unsigned number = 0; number < blocks; ++number) {
      const unsigned sm = device.sm_of_block(number, seed);
      const bool alike = faulty_sms == nullptr || faulty_sms->like_the_others(sm);
      if (!alike || !model) run.push_back({number, sm});
      if (alike && !model) model = number;
      stand_ins.push_back({alike ? *model : number, sm});
    }
    run_blocks({blocks}, block, shared_bytes, seed, kernel, arguments, run);
  });
}

cudaError_t launch_twin(const Work& work, const std::function<void(std::uint64_t seed)>& twin) {
  return launch_on_device(work, cudaStreamPerThread, [&](Device&, std::uint64_t seed) { twin(seed); });
}

}  // namespace assay::cuda_emulation
