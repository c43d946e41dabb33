#include "harness/node_real/pages.h"

#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <system_error>

namespace assay {
namespace {

TEST(Pages, AreWholeAndThere) {
  const auto memory = allocate_pages(3 * 4096 + 1, kAnyNumaNode);
  EXPECT_EQ(memory->bytes(), 3u * 4096 + 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory->data()) % 4096, 0u);
  static_cast<char*>(memory->data())[3 * 4096] = 1;
}

TEST(Pages, AreOfTheNodeThatWasAskedFor) {
  std::unique_ptr<HostMemory> memory;
  try {
    memory = allocate_pages(4096, 0);
  } catch (const std::system_error& error) {
    GTEST_SKIP() << "this machine lets nobody choose: " << error.what();
  }
  int node = -1;
  ASSERT_EQ(syscall(SYS_get_mempolicy, &node, nullptr, 0UL, memory->data(), MPOL_F_NODE | MPOL_F_ADDR), 0);
  EXPECT_EQ(node, 0);
}

TEST(Pages, OfANodeThatIsNotThereAreRefused) {
  EXPECT_THROW(allocate_pages(4096, 900), std::system_error);
}

}  // namespace
}  // namespace assay
