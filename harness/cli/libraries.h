// NVIDIA's libraries that checks work with, looked for in a child: opening one costs half a second and 150
// MB, and runs code that is not ours.
#pragma once

#include <string>

namespace assay::cli {

inline constexpr const char* kLibrariesVerb = "__libraries";

/// What that child does.
int libraries_main(int fd);

struct FoundLibrary {
  std::string version, file;  // empty where there is none
  std::string why_not;
};

/// As a real node's workers find them.
struct FoundLibraries {
  FoundLibrary cublaslt, nccl;
};
FoundLibraries find_libraries();

}  // namespace assay::cli
