# CUDA's execution model on the CPU (harness/node_sim/cuda_emulation), and what is built for it.

# The thread sanitizer is to watch device code, not the bookkeeping of the emulation that runs it
# (harness/node_sim/cuda_emulation/sanitizers.h).
if(ASSAY_SANITIZE MATCHES thread)
  set_source_files_properties(
    ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/bulk_copies.cpp
    ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/device_side.cpp
    ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/fiber.cpp
    ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/grid.cpp
    ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/tensor_cores.cpp
    PROPERTIES COMPILE_OPTIONS "-fno-sanitize=thread;-fno-tree-loop-distribute-patterns")  # memcpy is watched, too
endif()

# For sources that include <cuda_runtime.h> and mean the emulation's.
function(assay_compile_for_emulation target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}
                                               ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/include)
  target_compile_definitions(${target} PRIVATE ASSAY_CUDA_EMULATION=1 ASSAY_TARGET=emulated)
  target_compile_options(${target} PRIVATE -Wno-unknown-pragmas)  # how far nvcc is to unroll
  # Optimised whatever the preset: device threads are many.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O2>)
  target_link_libraries(${target} PRIVATE assay_warnings)
endfunction()

# The kernels and their twins. A kernel's source is nvcc's in this project, and has one language: what g++ compiles is a
# file that includes it.
function(assay_emulated_kernels name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*_twin.cpp)
  foreach(kernel ${ASSAY_KERNELS})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${kernel})
    set(including ${CMAKE_BINARY_DIR}/emulated/${path}.cpp)
    file(CONFIGURE OUTPUT ${including} CONTENT "#include \"${path}\"\n")
    list(APPEND sources ${including})
  endforeach()
  add_library(${name} OBJECT ${sources})
  assay_compile_for_emulation(${name})
endfunction()

# The tests of the device halves, without a GPU.
function(assay_device_half_tests name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/silicon/device_test/*_test.cpp
                                      ${CMAKE_SOURCE_DIR}/kernels/testing/*.cpp)
  add_executable(${name} ${sources})
  assay_compile_for_emulation(${name})
  target_link_libraries(${name} PRIVATE ${ASSAY_WATCHED_PARTS} GTest::gtest)
endfunction()
