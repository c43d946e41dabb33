// The parts of the silicon evidence: each is one question put to a real GPU, answered by one JSON value a
// line.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/node/gpu.h"

namespace assay::silicon {

using Arguments = std::vector<std::string>;

/// The first GPU that CUDA shows, opened by its PCI address as a worker does it.
std::unique_ptr<Gpu> first_gpu();
std::string first_gpu_address();

/// One line on stdout, at once: a part that is cut off has said what it knew.
void say(const nlohmann::json& line);

/// Seconds by the monotonic clock.
double now_s();

/// The argument after `name`, or `otherwise`.
double number_after(const Arguments& arguments, const std::string& name, double otherwise);

/// {"median", "least", "most", "n"}.
nlohmann::json spread(const std::vector<double>& values);

/// Does the work again and again for so long; each call gives its rate. Medians and extremes of the rates and
/// of what NVML said meanwhile, 20 times a second, the first second left out.
nlohmann::json sampled_while(const std::function<double()>& work, double seconds);

void device(const Arguments&);  // what CUDA says of the device; times of context, first launch, allocation
void region(const Arguments&);  // free memory, and in how many buffers it can be had
void sweep_rates(const Arguments&);  // GB/s of every pass of a full set: --page-shift N, --gib N (0: all)
void bandwidth(const Arguments&);    // read, write, copy, triad against the driver's own copy, by size
void planted(const Arguments&);      // damaged words over the whole memory: is each found, is nothing else?
void eviction(const Arguments&);  // latency of a line after the cache was pushed out by 0 to 8 times its size
void kernel_error(const Arguments&);  // KIND: the error that a misbehaving kernel comes back with
void hold(const Arguments&);          // sweeps until it is killed
void hang(const Arguments&);          // a kernel that never ends
void killed(const Arguments&);   // [hold|hang]: SIGKILL at work: time to exit, and until the memory is back
void refresh(const Arguments&);  // how often NVML's readings change, and how long they lag
void sustained(
    const Arguments&);  // --seconds N --stream S: rate, clocks, power, temperature ten times a second
void management(const Arguments&);   // every question to NVML: answer, return code, time it took
void transfers(const Arguments&);    // host to device and back, pinned: GB/s and latency; both ways at once
void round_trips(const Arguments&);  // a flag in mapped host memory: host to device to host
void sm_map(const Arguments&);  // SMs that blocks, clusters and warps run on; the second-level cache's rate
void tensor(const Arguments&);  // wgmma: results, layouts, accumulation, clocks an instruction
void mma(const Arguments&);     // mma.sync: results, and the order of fp64's additions
void tensor_power(const Arguments&);  // wgmma at its limit, by datatype and data: rate, clock, power

}  // namespace assay::silicon
