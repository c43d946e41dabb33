# Warnings are errors in our own code; sanitizers apply to everything that links.
add_library(assay_warnings INTERFACE)
target_compile_options(assay_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror>
  $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers>  # designated initialisers name what they set
  $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Werror>)
if(ASSAY_SANITIZE)
  # GCC's manual: with a sanitizer this warning has false positives (here inside libstdc++'s <regex>).
  target_compile_options(assay_warnings INTERFACE -fsanitize=${ASSAY_SANITIZE} -fno-omit-frame-pointer
                                                  -Wno-maybe-uninitialized)
  target_link_options(assay_warnings INTERFACE -fsanitize=${ASSAY_SANITIZE})
  if(ASSAY_SANITIZE MATCHES undefined)  # or a test passes beside what it reports
    target_compile_options(assay_warnings INTERFACE -fno-sanitize-recover=undefined)
  endif()
  if(ASSAY_SANITIZE MATCHES thread)
    target_compile_definitions(assay_warnings INTERFACE ASSAY_THREAD_SANITIZER=1)
  endif()
endif()
