#include "harness/node_real/memory_rate.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "harness/node/host.h"
#include "harness/node_real/file_tree.h"

namespace assay {
namespace {

TEST(MemoryRate, IsOneThatAMachineHas) {
  const double rate = memory_rate_of(FileTree("/"), kAnyNumaNode);
  EXPECT_GT(rate, 1e8);
  EXPECT_LT(rate, 1e13);
}

TEST(MemoryRate, OfANodeThatIsNotThereIsNone) {
  EXPECT_THROW(memory_rate_of(FileTree("/"), 4711), std::runtime_error);
}

}  // namespace
}  // namespace assay
