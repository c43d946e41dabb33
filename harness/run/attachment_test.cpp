#include "harness/run/attachment.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/check.h"
#include "harness/testing/scratch_folder.h"

namespace assay::run {
namespace {

namespace fs = std::filesystem;

struct Attachment : testing::Test {
  std::string attach(const std::string& name) const {
    return copy_attachment(source, attachments_of(folder.path().string(), "02-memory.sweep-gpu3"), name);
  }
  testing_tools::ScratchFolder folder;
  std::string source = folder.write("elsewhere/map.bin", "content");
};

TEST_F(Attachment, IsCopiedUnderTheStepsName) {
  const std::string file = attach("bad words.csv");
  EXPECT_EQ(file, "attachment-02-memory.sweep-gpu3-bad_words.csv");
  std::ifstream copy(folder / file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(copy), {}), "content");
}

TEST_F(Attachment, OfATextIsTheText) {
  const std::string prefix = attachments_of(folder.path().string(), "03-nvlink.p2p-node");
  EXPECT_EQ(write_attachment("from,to\n", prefix, "pairs.csv"), "attachment-03-nvlink.p2p-node-pairs.csv");
  EXPECT_EQ(write_attachment("again\n", prefix, "pairs.csv"), "attachment-03-nvlink.p2p-node-pairs.csv.2");
  std::ifstream file(folder / "attachment-03-nvlink.p2p-node-pairs.csv");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "from,to\n");
  EXPECT_THROW(write_attachment(std::string(kMostAttachmentBytes + 1, 'x'), prefix, "a"), std::runtime_error);
}

TEST_F(Attachment, IsNeverWrittenOverAndNeverLeavesTheFolder) {
  EXPECT_EQ(attach("a"), "attachment-02-memory.sweep-gpu3-a");
  EXPECT_EQ(attach("a"), "attachment-02-memory.sweep-gpu3-a.2");
  EXPECT_EQ(attach("../../etc/passwd"), "attachment-02-memory.sweep-gpu3-.._.._etc_passwd");
  EXPECT_LT(attach(std::string(5000, 'x')).size(), 128u);
}

TEST_F(Attachment, OfSeveralRanksIsNamedByItsRank) {
  const auto name_of = [&](std::size_t rank) {
    return copy_attachment(source, attachments_of(folder.path().string(), "05-collective-node", 8, rank),
                           "ring");
  };
  EXPECT_EQ(name_of(0), "attachment-05-collective-node-rank0-ring");
  EXPECT_EQ(name_of(7), "attachment-05-collective-node-rank7-ring");
}

TEST_F(Attachment, IsReadableByWhoeverMayReadTheRun) {
  fs::permissions(source, fs::perms::owner_read | fs::perms::owner_write);  // as mkstemp makes it
  const auto mode = fs::status(folder / attach("map")).permissions();
  EXPECT_EQ(mode & fs::perms::others_read, fs::perms::others_read);
}

TEST_F(Attachment, IsRefusedWhereItIsNotThereOrTooLarge) {
  EXPECT_THROW(copy_attachment(folder / "nothing", folder / "x-", "a"), std::runtime_error);
  fs::resize_file(source, kMostAttachmentBytes + 1);
  EXPECT_THROW(attach("a"), std::runtime_error);
  EXPECT_FALSE(fs::exists(folder / "attachment-02-memory.sweep-gpu3-a"));
}

}  // namespace
}  // namespace assay::run
