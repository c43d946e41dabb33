// A check that attaches a file larger than a message can be.
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

constexpr std::size_t kBytes = 8 << 20;  // a frame holds 4 MiB

void run(Context& context) {
  std::string path = (std::filesystem::temp_directory_path() / "assay-selftest-XXXXXX").string();
  const int fd = mkstemp(path.data());
  if (fd < 0) throw std::runtime_error("mkstemp failed");
  close(fd);
  std::ofstream(path) << std::string(kBytes, 'a');
  context.attach("eight MiB.txt", "text/plain", path);
  unlink(path.c_str());
  context.measure("value", 1, Unit::count);
}

const Registered check{declare("selftest.attach", "attaches a file", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
