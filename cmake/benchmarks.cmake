# Speed and memory are shown here and never by a timed test: `./dev bench` runs this and measures whole runs.
# Benchmarks stand beside what they measure.
find_package(benchmark REQUIRED)

file(GLOB_RECURSE benchmark_sources CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/harness/*_bench.cpp ${CMAKE_SOURCE_DIR}/suites/*_bench.cpp
  ${CMAKE_SOURCE_DIR}/kernels/*_bench.cpp ${CMAKE_SOURCE_DIR}/reports/*_bench.cpp)
add_executable(benchmarks ${benchmark_sources} ${CMAKE_SOURCE_DIR}/harness/testing/run_builder.cpp)
target_link_libraries(benchmarks PRIVATE ${ASSAY_PARTS} benchmark::benchmark_main)
target_compile_definitions(benchmarks PRIVATE
  ASSAY_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
  ASSAY_SIMULATED_NVML="${CMAKE_BINARY_DIR}/simulated/libnvidia-ml.so.1")
add_dependencies(benchmarks assay simulated_nvml)
