#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <iostream>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::cerr << "device_test: no GPU: " << cudaGetErrorString(cudaGetLastError()) << '\n';
    return 11;
  }
  return RUN_ALL_TESTS();
}
