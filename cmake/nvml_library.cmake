# The simulator's NVML: real NVML's ABI over a simulated node. Foreign programs open either name.
file(GLOB nvml_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/harness/node_sim/nvml_library/*.cpp)
list(FILTER nvml_sources EXCLUDE REGEX "_test\\.cpp$")
add_library(simulated_nvml SHARED ${nvml_sources}
  ${CMAKE_SOURCE_DIR}/harness/base/machine_refused.cpp
  ${CMAKE_SOURCE_DIR}/harness/base/hash.cpp
  ${CMAKE_SOURCE_DIR}/harness/model/work.cpp
  ${CMAKE_SOURCE_DIR}/harness/node/nvml_result.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/clock_governor.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/healthy_h200.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/nvlink_wiring.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/state.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/virtual_clock.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/plant.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/power_steps.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/thermal_model.cpp)
target_include_directories(simulated_nvml PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(simulated_nvml PRIVATE assay_warnings Threads::Threads)
set_target_properties(simulated_nvml PROPERTIES
  OUTPUT_NAME nvidia-ml SOVERSION 1 CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/simulated)
add_dependencies(assay simulated_nvml)
