// A check that measures what it did not declare.
#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  context.measure("value", 1, Unit::count);
  context.measure("surprise", 1, Unit::count);
}

const Registered check{
    declare("selftest.undeclared", "measures something that it did not declare", Scope::gpu, run)};

}  // namespace
}  // namespace assay::selftest
