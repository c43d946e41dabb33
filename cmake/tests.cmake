# Unit tests stand beside what they test; tests/ drives the built binary as its users do.
find_package(GTest REQUIRED)
include(GoogleTest)

file(GLOB_RECURSE unit_sources CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/harness/*_test.cpp ${CMAKE_SOURCE_DIR}/suites/*_test.cpp
  ${CMAKE_SOURCE_DIR}/kernels/*_test.cpp ${CMAKE_SOURCE_DIR}/reports/*_test.cpp
  ${CMAKE_SOURCE_DIR}/harness/testing/*.cpp ${CMAKE_SOURCE_DIR}/reports/testing/*.cpp)
list(FILTER unit_sources EXCLUDE REGEX "/kernels/testing/")  # for the emulation: cmake/cuda_emulation.cmake
# What has threads, processes and shared memory is a program of its own: CI runs it under the sanitizers too.
set(threaded_sources ${unit_sources})
list(FILTER threaded_sources INCLUDE REGEX "/harness/(run|ipc|telemetry|node_sim|testing)/")
list(FILTER threaded_sources EXCLUDE REGEX "/harness/testing/.*_test\\.cpp$")
list(FILTER unit_sources EXCLUDE REGEX "/harness/(run|ipc|telemetry|node_sim)/")
add_executable(unit_tests ${unit_sources})
# What the probe compared a card's tensor cores with, and the emulation's are held to.
list(APPEND threaded_sources ${CMAKE_SOURCE_DIR}/silicon/probe/tensor_elements.cpp)
add_executable(threaded_tests ${threaded_sources})
file(GLOB end_to_end_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/*.cpp)
add_executable(end_to_end_tests ${end_to_end_sources})

# Real time that a test may take before it is taken to hang: the sanitizers make some several times slower.
set(test_timeout_s 300)
if(ASSAY_SANITIZE)
  set(test_timeout_s 1200)
endif()

assay_device_half_tests(device_half_tests)
gtest_discover_tests(device_half_tests DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${test_timeout_s})

if(ASSAY_WITH_CUDA)
  add_test(NAME DeviceCode.IsWhatItsTableSays
    COMMAND ${CMAKE_SOURCE_DIR}/kernels/testing/device_code ${CMAKE_CUDA_COMPILER})
  # Minutes in one process: the first to be started, so that nobody waits for it at the end.
  set_tests_properties(DeviceCode.IsWhatItsTableSays PROPERTIES COST 1000)
  add_test(NAME NvmlLibrary.AnswersAsARecordedCardDid
    COMMAND ${CMAKE_SOURCE_DIR}/harness/node_sim/nvml_library/recorded_card $<TARGET_FILE:silicon_probe>
            ${CMAKE_BINARY_DIR}/simulated ${CMAKE_SOURCE_DIR}/reports/evidence/2026-11-26-h200/management.jsonl)
endif()

add_test(NAME Silicon.OrderOfParts COMMAND python3 -B ${CMAKE_SOURCE_DIR}/silicon/order_test.py)
add_test(NAME Silicon.GpuBurnBesideOurs COMMAND python3 -B ${CMAKE_SOURCE_DIR}/silicon/gpu_burn_test.py)
add_test(NAME Silicon.NcclTestsBesideOurs COMMAND python3 -B ${CMAKE_SOURCE_DIR}/silicon/nccl_tests_test.py)

foreach(target unit_tests threaded_tests end_to_end_tests)
  set(parts ${ASSAY_PARTS})
  if(target STREQUAL threaded_tests)
    set(parts ${ASSAY_WATCHED_PARTS})
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  target_link_libraries(${target} PRIVATE ${parts} GTest::gmock GTest::gtest_main)
  target_precompile_headers(${target} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)  # a fifth of the time that a test compiles
  target_compile_options(${target} PRIVATE
    $<$<NOT:$<CONFIG:Debug>>:-O0>  # what a test itself does is short: it compiles in two thirds of the time
    -fpch-preprocess  # ccache asks for it
    # What a precompiled header brings is no system header's to GCC 12: its false warnings about the standard library's
    # strings (GCC PR 105329, PR 105651) are not held back, and come and go with the length of the source's path.
    -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  target_compile_definitions(${target} PRIVATE
    ASSAY_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    ASSAY_BINARY="$<TARGET_FILE:assay>"
    ASSAY_SIMULATED_NVML="${CMAKE_BINARY_DIR}/simulated/libnvidia-ml.so.1")
  add_dependencies(${target} simulated_nvml simulated_cublaslt simulated_nccl)
  gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${test_timeout_s}
    # A crash that is planted is to kill its worker, not to be reported by a sanitizer.
    # A list of two variables does not get through gtest_discover_tests: each is a property of its own.
    ENVIRONMENT "ASAN_OPTIONS=handle_segv=0:handle_abort=0:allocator_may_return_null=0"
    ENVIRONMENT_MODIFICATION "TSAN_OPTIONS=set:handle_segv=0:handle_abort=0")
endforeach()
add_dependencies(end_to_end_tests assay)
