// What happens to work that is launched: refused, ended by an exception, never ended, its worker or its GPU
// gone.
#include <csignal>

#include "harness/node_sim/cuda_emulation/device.h"
#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/sim_kernel_log.h"

namespace assay::sim {
namespace {

using cuda_emulation::DeviceFailure;

const RegisteredFault gpu_lost{
    {"gpu_lost",
     "the GPU falls off the bus while it works",
     "gpu",
     {{"launch", "at which launch of a worker, from 0", Unit::count, 0, 1000, 12}}},
    {.at_launch = [](const Launch& launch) {
      if (static_cast<std::int64_t>(launch.number) < launch.whole("launch")) return;
      const Lock lock(launch.state.mutex);
      launch.dynamic().present = 0;
      log_xid(launch.state, launch.gpu, 79, true, "GPU has fallen off the bus.");
    }}};

const RegisteredFault device_call_fails{
    {"device_call_fails", "a launch is refused, for no reason that lies in the GPU", "gpu", {}},
    {.at_launch = [](const Launch&) {
      throw DeviceFailure{cuda_emulation::cudaErrorUnknown, false};
    }}};

const RegisteredFault kernel_exception{
    {"kernel_exception", "a kernel that is known to be right meets an illegal address", "gpu", {}},
    {.at_launch = [](const Launch&) { throw DeviceFailure{cuda_emulation::cudaErrorIllegalAddress}; }}};

const RegisteredFault contained_error{
    {"contained_error",
     "work ends in an error that the GPU contained, of which the driver logs nothing",
     "gpu",
     {{"nvlink", "1: CUDA's error 220, which names NVLink; 0: 226, which names nothing", Unit::count, 0, 1,
       0}}},
    {.at_launch = [](const Launch& launch) {
      throw DeviceFailure{launch.whole("nvlink") != 0 ? cuda_emulation::cudaErrorNvlinkUncorrectable
                                                      : cuda_emulation::cudaErrorContained};
    }}};

const RegisteredFault worker_hang{{.name = "worker_hang",
                                   .summary = "work that is launched on the GPU never ends",
                                   .target = "gpu",
                                   .ends_workers = true},
                                  {.at_launch = [](const Launch& launch) {
                                    for (;;) launch.clock.sleep_until(kForever);
                                  }}};

const RegisteredFault worker_crash{
    {"worker_crash",
     "the worker of this GPU dies by a signal: a fault of the harness, not of the GPU",
     "gpu",
     {{"signal", "number; from SIGILL to SIGSEGV", Unit::count, 4, 11, 11}},
     nullptr,
     true},
    {.at_launch = [](const Launch& launch) { std::raise(static_cast<int>(launch.whole("signal"))); }}};

}  // namespace
}  // namespace assay::sim
