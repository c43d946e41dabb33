// A check that exhausts memory, within a bound of its own: the machine is not to suffer.
#include <sys/resource.h>

#include <string>
#include <vector>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

constexpr rlim_t kBytes = 512u << 20;  // of address space

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  const rlimit bound{kBytes, kBytes};
  setrlimit(RLIMIT_AS, &bound);
  std::vector<std::string> hoard;
  for (;;) hoard.emplace_back(kBytes / 64, 'x');
}

const Registered check{declare("selftest.memory", "exhausts its memory", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
