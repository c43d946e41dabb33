// A check that one rank never comes to.
#include <unistd.h>

#include <string>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  if (context.ranks().rank() == 2) {
    for (;;) pause();
  }
  context.ranks().exchange("here");
  context.measure("value", 1, Unit::count);
}

const Registered check{
    declare("selftest.rank_missing", "waits for a rank that never comes", Scope::ranks, run)};

}  // namespace
}  // namespace assay::selftest
