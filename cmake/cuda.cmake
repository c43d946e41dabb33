# A kernel's source, a .cu, is compiled twice (kernels/target.h): by nvcc for the card, where there is one, and by
# g++ for the emulation (cmake/cuda_emulation.cmake). Without nvcc the binary says that it has no CUDA.

set(ASSAY_WITH_CUDA OFF)
if(NOT ASSAY_CUDA STREQUAL "OFF")
  list(APPEND CMAKE_PROGRAM_PATH /usr/local/cuda/bin)
  find_program(ASSAY_NVCC nvcc)
  if(ASSAY_NVCC)
    set(CMAKE_CUDA_COMPILER ${ASSAY_NVCC})
    # Hopper and nothing else: an H200 is compute capability 9.0, and wgmma is in its own form (90a) alone.
    set(CMAKE_CUDA_ARCHITECTURES 90a-real)
    set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
    enable_language(CUDA)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")  # CMake 3.25 knows none for CUDA 13
    set(ASSAY_WITH_CUDA ON)
  elseif(ASSAY_CUDA STREQUAL "ON")
    message(FATAL_ERROR "ASSAY_CUDA=ON, but nvcc was not found")
  endif()
endif()
if(ASSAY_WITH_CUDA)
  message(STATUS "CUDA: device halves are built for sm_90a with ${ASSAY_NVCC}")
else()
  message(STATUS "CUDA: NOT built. The simulated node, the judge and the reports work; a real GPU cannot be tested")
endif()

file(GLOB_RECURSE ASSAY_KERNELS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*.cu)

# Of what surrounds the kernels, some is built for the emulation too: the twins.
function(assay_kernels name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*.cpp)
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$|_bench\\.cpp$|_twin\\.cpp$|/testing/")
  if(ASSAY_WITH_CUDA)
    list(APPEND sources ${ASSAY_KERNELS})
  endif()
  add_library(${name} OBJECT ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC assay_warnings fmt::fmt)
  if(ASSAY_WITH_CUDA)
    # Checks that overlap in one process are threads with a stream each.
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--default-stream=per-thread>)
    target_compile_definitions(${name} PRIVATE ASSAY_WITH_CUDA=1 ASSAY_TARGET=card)
  endif()
endfunction()
