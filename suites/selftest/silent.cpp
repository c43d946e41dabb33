// A check that measures nothing and says nothing of it.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.progress(1);
}

const Registered check{declare("selftest.silent", "measures nothing", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
