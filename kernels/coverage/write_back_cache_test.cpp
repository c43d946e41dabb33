#include "kernels/coverage/write_back_cache.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::memory {
namespace {

using Replacement = WriteBackCache::Replacement;

struct PlainMemory : cuda_emulation::FaultyMemory {
  Word128 load(const Word128* address) override {
    ++loads;
    return *address;
  }
  void store(Word128* address, Word128 value) override {
    stored.push_back(address);
    *address = value;
  }
  int loads = 0;
  std::vector<Word128*> stored;
};

struct CacheTest : testing::Test {
  alignas(128) Word128 words[32] = {};
  PlainMemory memory;
};

TEST_F(CacheTest, StoresReachTheMemoryWhenTheirLineGoes) {
  WriteBackCache cache(memory, 2, Replacement::first_in, 1);
  cache.store(&words[3], {7, 7});
  EXPECT_EQ(words[3].low, 0u);
  EXPECT_EQ(cache.load(&words[3]).low, 7u);
  EXPECT_EQ(memory.loads, 0) << "what it holds it does not fetch";
  cache.store(&words[8], {8, 8});
  cache.store(&words[16], {9, 9});  // no room: the first goes
  EXPECT_EQ(words[3].low, 7u);
  EXPECT_EQ(words[8].low, 0u);
  cache.flush();
  EXPECT_EQ(words[8].low, 8u);
  EXPECT_EQ(words[16].low, 9u);
  EXPECT_EQ(memory.stored.size(), 3u) << "of a line only what was written";
}

TEST_F(CacheTest, FetchesSectorsAndKeepsWhatIsNewer) {
  WriteBackCache cache(memory, 4, Replacement::random, 1);
  words[4] = {4, 4};
  words[5] = {5, 5};
  cache.store(&words[5], {50, 50});
  EXPECT_EQ(cache.load(&words[4]).low, 4u);
  EXPECT_EQ(memory.loads, 1);
  EXPECT_EQ(cache.load(&words[5]).low, 50u);
}

TEST_F(CacheTest, AnEvictedLineIsFetchedAnew) {
  WriteBackCache cache(memory, 4, Replacement::lowest, 1);
  EXPECT_EQ(cache.load(&words[9]).low, 0u);
  words[9] = {1, 1};
  EXPECT_EQ(cache.load(&words[9]).low, 0u);
  cache.evict(&words[8]);
  EXPECT_EQ(cache.load(&words[9]).low, 1u);
}

TEST_F(CacheTest, TheLowestGoesFirstWhereThatIsTheRule) {
  WriteBackCache cache(memory, 2, Replacement::lowest, 1);
  cache.store(&words[16], {1, 1});
  cache.store(&words[0], {2, 2});
  cache.store(&words[24], {3, 3});
  EXPECT_EQ(words[0].low, 2u);
  EXPECT_EQ(words[16].low, 0u);
}

}  // namespace
}  // namespace assay::memory
