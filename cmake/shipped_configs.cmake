# The binary knows the content of the configurations that decide a verdict, so that no other file passes as one.
file(GLOB shipped_configs CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/configs/xid/*.toml ${CMAKE_SOURCE_DIR}/configs/skus/*.toml ${CMAKE_SOURCE_DIR}/configs/profiles/*.toml
  ${CMAKE_SOURCE_DIR}/configs/findings/*.toml)
set(hash_configs ${CMAKE_SOURCE_DIR}/cmake/hash_configs.cmake)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/shipped_files.cpp
  COMMAND ${CMAKE_COMMAND} -D CONFIGS=${CMAKE_SOURCE_DIR}/configs "-D FILES=${shipped_configs}"
          -D OUTPUT=${CMAKE_BINARY_DIR}/shipped_files.cpp -P ${hash_configs}
  DEPENDS ${shipped_configs} ${hash_configs}
  COMMENT "Hashing the shipped configurations" VERBATIM)
target_sources(assay_config PRIVATE ${CMAKE_BINARY_DIR}/shipped_files.cpp)
