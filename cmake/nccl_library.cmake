# The simulator's NCCL: the real one's ABI, over the emulated CUDA runtime of the process that opens it, and over what
# the processes of a simulated node share.
file(GLOB nccl_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/harness/node_sim/nccl_library/*.cpp)
list(FILTER nccl_sources EXCLUDE REGEX "_test\\.cpp$")
add_library(simulated_nccl SHARED ${nccl_sources})
target_include_directories(simulated_nccl PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(simulated_nccl PRIVATE assay_warnings Threads::Threads ${CMAKE_DL_LIBS})
set_target_properties(simulated_nccl PROPERTIES
  OUTPUT_NAME nccl SOVERSION 2 CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/simulated)
add_dependencies(assay simulated_nccl)
