# CUDA's execution model on the CPU (harness/node_sim/cuda_emulation), and what is built for it.

# The thread sanitizer is to watch device code, not the bookkeeping of the emulation that runs it
# (harness/node_sim/cuda_emulation/sanitizers.h).
if(ASSAY_SANITIZE MATCHES thread)
  set_source_files_properties(
    ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/fiber.cpp
    ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/grid.cpp
    PROPERTIES COMPILE_OPTIONS "-fno-sanitize=thread")
endif()

# The tests of the device halves, without a GPU. A kernel's source is nvcc's in this project, and has one language: what
# g++ compiles for the emulation is a file that includes it.
function(assay_device_half_tests name)
  file(GLOB kernels CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*.cu)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/silicon/device_test/*_test.cpp
                                      ${CMAKE_SOURCE_DIR}/kernels/testing/*.cpp)
  foreach(kernel ${kernels})
    get_filename_component(stem ${kernel} NAME_WE)
    set(including ${CMAKE_BINARY_DIR}/emulated/${stem}.cpp)
    file(CONFIGURE OUTPUT ${including} CONTENT "#include \"kernels/${stem}.cu\"\n")
    list(APPEND sources ${including})
  endforeach()
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}
                                             ${CMAKE_SOURCE_DIR}/harness/node_sim/cuda_emulation/include)
  target_compile_definitions(${name} PRIVATE ASSAY_WITH_CUDA=1 ASSAY_CUDA_EMULATION=1)
  target_compile_options(${name} PRIVATE -Wno-unknown-pragmas)  # how far nvcc is to unroll
  # Optimised whatever the preset: device threads are many.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O2>)
  target_link_libraries(${name} PRIVATE assay_warnings assay_node_sim_cuda_emulation GTest::gtest
                                        ${BOOST_CONTEXT_LIBRARY} Threads::Threads)
endfunction()
