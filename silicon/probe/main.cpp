// silicon_probe PART [ARGUMENTS]: see parts.h. Exit 11 without a GPU, 1 where the part failed.
#include <cuda_runtime.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>

#include "harness/model/quantile.h"
#include "harness/node_real/cuda_gpu.h"
#include "kernels/driver_version.h"
#include "silicon/probe/parts.h"

namespace assay::silicon {

void say(const nlohmann::json& line) {
  std::cout << line.dump() << std::endl;
}

double now_s() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double number_after(const Arguments& arguments, const std::string& name, double otherwise) {
  const auto found = std::find(arguments.begin(), arguments.end(), name);
  if (found == arguments.end() || found + 1 == arguments.end()) return otherwise;
  return std::stod(*(found + 1));
}

nlohmann::json spread(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  return {{"median", median(values)},
          {"least", quantile(values, 0)},
          {"most", quantile(values, 1)},
          {"n", values.size()}};
}

std::string first_gpu_address() {
  char address[32] = {};
  const cudaError_t error = cudaDeviceGetPCIBusId(address, sizeof(address), 0);
  if (error != cudaSuccess) throw DeviceError(codes::device_call, cudaGetErrorString(error));
  return address;
}

std::unique_ptr<Gpu> first_gpu() {
  return open_cuda_gpu(first_gpu_address());
}

}  // namespace assay::silicon

int main(int argc, char** argv) {
  using namespace assay::silicon;
  static const std::map<std::string, void (*)(const Arguments&)> parts{
      {"device", device},
      {"region", region},
      {"sweep_rates", sweep_rates},
      {"bandwidth", bandwidth},
      {"planted", planted},
      {"eviction", eviction},
      {"kernel_error", kernel_error},
      {"hold", hold},
      {"killed", killed},
      {"sustained", sustained},
      {"management", management},
      {"transfers", transfers},
      {"hang", hang},
      {"round_trips", round_trips},
      {"sm_map", sm_map},
      {"mma", mma},
      {"tensor", tensor},
      {"tensor_power", tensor_power},
      {"refresh", refresh},
  };
  const auto part = argc > 1 ? parts.find(argv[1]) : parts.end();
  if (part == parts.end()) {
    std::cerr << "usage: silicon_probe PART [ARGUMENTS]; the parts are";
    for (const auto& [name, run] : parts) std::cerr << ' ' << name;
    std::cerr << '\n';
    return 2;
  }
  const std::string why = part->first == "management" ? "" : assay::cuda::why_no_device();
  if (!why.empty()) {
    std::cerr << "silicon_probe: no GPU: " << why << '\n';
    return 11;
  }
  try {
    part->second(Arguments(argv + 2, argv + argc));
    return 0;
  } catch (const assay::DeviceError& error) {
    say({{"failed", error.what()}, {"code", error.code()}});
  } catch (const std::exception& error) {
    say({{"failed", error.what()}});
  }
  return 1;
}
