#include "harness/node_sim/cuda_emulation/errors.h"

namespace assay::cuda_emulation {

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define ASSAY_NAME(error) \
  case error:             \
    return #error
    ASSAY_NAME(cudaSuccess);
    ASSAY_NAME(cudaErrorInvalidValue);
    ASSAY_NAME(cudaErrorMemoryAllocation);
    ASSAY_NAME(cudaErrorInvalidConfiguration);
    ASSAY_NAME(cudaErrorNoDevice);
    ASSAY_NAME(cudaErrorInvalidDevice);
    ASSAY_NAME(cudaErrorECCUncorrectable);
    ASSAY_NAME(cudaErrorPeerAccessUnsupported);
    ASSAY_NAME(cudaErrorNvlinkUncorrectable);
    ASSAY_NAME(cudaErrorContained);
    ASSAY_NAME(cudaErrorInvalidResourceHandle);
    ASSAY_NAME(cudaErrorNotReady);
    ASSAY_NAME(cudaErrorInsufficientDriver);
    ASSAY_NAME(cudaErrorIllegalAddress);
    ASSAY_NAME(cudaErrorLaunchTimeout);
    ASSAY_NAME(cudaErrorPeerAccessAlreadyEnabled);
    ASSAY_NAME(cudaErrorHostMemoryAlreadyRegistered);
    ASSAY_NAME(cudaErrorHostMemoryNotRegistered);
    ASSAY_NAME(cudaErrorHardwareStackError);
    ASSAY_NAME(cudaErrorIllegalInstruction);
    ASSAY_NAME(cudaErrorMisalignedAddress);
    ASSAY_NAME(cudaErrorInvalidAddressSpace);
    ASSAY_NAME(cudaErrorInvalidPc);
    ASSAY_NAME(cudaErrorLaunchFailure);
    ASSAY_NAME(cudaErrorSystemNotReady);
    ASSAY_NAME(cudaErrorStreamCaptureUnsupported);
    ASSAY_NAME(cudaErrorIllegalState);
    ASSAY_NAME(cudaErrorUnknown);
#undef ASSAY_NAME
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t) {
  return "of the simulated device";
}

}  // namespace assay::cuda_emulation
