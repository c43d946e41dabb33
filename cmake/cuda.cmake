# One .cu per kernel holds its device and its host half. With nvcc both are compiled; without, the same file is
# compiled as C++ and exposes only the host half, and the binary says that it has no CUDA.

set(ASSAY_WITH_CUDA OFF)
if(NOT ASSAY_CUDA STREQUAL "OFF")
  list(APPEND CMAKE_PROGRAM_PATH /usr/local/cuda/bin)
  find_program(ASSAY_NVCC nvcc)
  if(ASSAY_NVCC)
    set(CMAKE_CUDA_COMPILER ${ASSAY_NVCC})
    set(CMAKE_CUDA_ARCHITECTURES 90)  # Hopper: the H200 is compute capability 9.0
    set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
    enable_language(CUDA)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")  # CMake 3.25 knows none for CUDA 13
    set(ASSAY_WITH_CUDA ON)
  elseif(ASSAY_CUDA STREQUAL "ON")
    message(FATAL_ERROR "ASSAY_CUDA=ON, but nvcc was not found")
  endif()
endif()
if(ASSAY_WITH_CUDA)
  message(STATUS "CUDA: device halves are built for sm_90 with ${ASSAY_NVCC}")
else()
  message(STATUS "CUDA: NOT built. The simulated node, the judge and the reports work; a real GPU cannot be tested")
endif()

function(assay_kernels name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*.cu)
  if(NOT ASSAY_WITH_CUDA)
    set_source_files_properties(${sources} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-x;c++")
  endif()
  add_library(${name} OBJECT ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC assay_warnings)
  if(ASSAY_WITH_CUDA)
    # Checks that overlap in one process are threads with a stream each.
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--default-stream=per-thread>)
    target_compile_definitions(${name} PRIVATE ASSAY_WITH_CUDA=1)
  endif()
endfunction()
