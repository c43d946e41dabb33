#include "kernels/cuda_support.h"
#include "kernels/device_clock/device_clock.h"
#include "kernels/instructions/clocks.h"
#include "kernels/instructions/sm.h"

namespace assay::device_clock::ASSAY_TARGET {
namespace {

__global__ void __launch_bounds__(1) stamp_now(Stamp* to) {
  to->global_ns = cuda::global_timer();
  to->cycles = cuda::cycles();
  to->sm = cuda::sm_id();
}

class ClockOfGpu final : public DeviceClock {
 public:
  ClockOfGpu(Gpu& gpu, std::size_t most) : most_(most), stamps_(gpu.allocate(most * sizeof(Stamp))) {}

  void stamp(void* stream, std::size_t number) override {
    cuda::launch({1, 1, 0, static_cast<cudaStream_t>(stream)},
                 Work(WorkKind::write, static_cast<double>(sizeof(Stamp))), stamp_now,
                 cuda::pointer<Stamp>(stamps_) + number);
  }
  void wait(void* stream) override {
    cuda::check(cudaStreamSynchronize(static_cast<cudaStream_t>(stream)), "stamp");
  }
  std::vector<Stamp> stamps() override { return cuda::download<Stamp>(stamps_->device_pointer(), most_); }

 private:
  std::size_t most_;
  std::unique_ptr<DeviceBuffer> stamps_;
};

}  // namespace

std::unique_ptr<DeviceClock> make_device_clock(Gpu& gpu, std::size_t most_stamps) {
  return std::make_unique<ClockOfGpu>(gpu, most_stamps);
}

}  // namespace assay::device_clock::ASSAY_TARGET
