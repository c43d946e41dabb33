# The simulator's cuBLASLt: the real one's ABI, over the emulated CUDA runtime of the process that opens it.
file(GLOB cublaslt_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/harness/node_sim/cublaslt_library/*.cpp)
list(FILTER cublaslt_sources EXCLUDE REGEX "_test\\.cpp$")
add_library(simulated_cublaslt SHARED ${cublaslt_sources}
  ${CMAKE_SOURCE_DIR}/harness/model/work.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/half_arithmetic.cpp
  ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/tensor_arithmetic.cpp)
target_include_directories(simulated_cublaslt PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(simulated_cublaslt PRIVATE assay_warnings)
set_target_properties(simulated_cublaslt PROPERTIES
  OUTPUT_NAME cublasLt SOVERSION 13 CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/simulated)
add_dependencies(assay simulated_cublaslt)
