# The thread sanitizer is to watch device code, not the bookkeeping of the emulation that runs it
# (harness/node_sim/cuda_emulation/sanitizers.h).
if(ASSAY_SANITIZE MATCHES thread)
  set_source_files_properties(
    ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/fiber.cpp
    ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/grid.cpp
    PROPERTIES COMPILE_OPTIONS "-fno-sanitize=thread")
endif()
