// A check whose ranks meet twice and agree.
#include <string>

#include "suites/selftest/selftest.h"

namespace assay::selftest {
namespace {

void run(Context& context) {
  const int mine = context.ranks().rank();
  context.ranks().exchange("first");
  int sum = 0;
  for (const std::string& blob : context.ranks().exchange(std::to_string(mine))) sum += std::stoi(blob);
  const int expected = context.ranks().count() * (context.ranks().count() - 1) / 2;
  context.measure("value", sum == expected ? 1 : 0, Unit::count);
}

const Registered check{declare("selftest.ranks", "meets all ranks twice", Scope::ranks, run)};

}  // namespace
}  // namespace assay::selftest
