#include "harness/config/diagnostics.h"

#include <gtest/gtest.h>

namespace assay::config {
namespace {

TEST(Diagnostics, NamesThePlaceOnlyWhereThereIsOne) {
  Diagnostics diagnostics;
  EXPECT_TRUE(diagnostics.empty());
  diagnostics.add({"a.toml", 12, 3, "wrong"});
  diagnostics.add({"b.toml", 0, 0, "missing"});
  EXPECT_EQ(diagnostics.text(), "a.toml:12:3: wrong\nb.toml: missing\n");
}

}  // namespace
}  // namespace assay::config
