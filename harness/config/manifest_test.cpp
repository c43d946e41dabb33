#include "harness/config/manifest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/testing/scratch_folder.h"

namespace assay::config {
namespace {

struct ManifestFile : testing::Test {
  Manifest load(const std::string& name, const std::string& content) {
    folder.write(name, content);
    return load_manifest(folder / name, diagnostics);
  }
  std::string errors_of(const std::string& name, const std::string& content) {
    load(name, content);
    std::string text = diagnostics.text();
    for (auto at = text.find(folder.path().string()); at != std::string::npos;
         at = text.find(folder.path().string()))
      text.erase(at, folder.path().string().size() + 1);
    return text;
  }
  testing_tools::ScratchFolder folder;
  Diagnostics diagnostics;
};

TEST_F(ManifestFile, IsReadFromToml) {
  const Manifest manifest = load("m.toml", R"(consignment = "C-1"
licence = "EL-4711"
[[nodes]]
name = "node-17"
chassis_serial = "X1"
[[nodes.gpus]]
slot = "gpu3"
serial = "1753724031847"
part_number = "695-2G520-0280-000"
[[nodes.gpus]]
slot = "4"
serial = "2"
)");
  EXPECT_EQ(diagnostics.text(), "");
  EXPECT_EQ(manifest.licence, "EL-4711");
  ASSERT_EQ(manifest.nodes.size(), 1u);
  ASSERT_EQ(manifest.nodes[0].gpus.size(), 2u);
  EXPECT_EQ(manifest.nodes[0].gpus[0].slot, "gpu3");
  EXPECT_EQ(manifest.nodes[0].gpus[1].slot, "gpu4");
  EXPECT_EQ(manifest.nodes[0].gpus[1].vbios, "");
}

TEST_F(ManifestFile, IsReadFromTheCsvOfASpreadsheet) {
  const Manifest manifest = load("m.csv",
                                 "\xef\xbb\xbfserial,slot,node,chassis_serial,consignment\r\n"
                                 "1753724031847,0,\"node 17, row \"\"B\"\"\",X1,C-1\r\n"
                                 "\r\n"
                                 " 2 , gpu1 ,\"node 17, row \"\"B\"\"\",X1,C-1\r\n"
                                 "3,0,node 18,X2,C-1\r\n");
  EXPECT_EQ(diagnostics.text(), "");
  EXPECT_EQ(manifest.consignment, "C-1");
  ASSERT_EQ(manifest.nodes.size(), 2u);
  EXPECT_EQ(manifest.nodes[0].name, "node 17, row \"B\"");
  ASSERT_EQ(manifest.nodes[0].gpus.size(), 2u);
  EXPECT_EQ(manifest.nodes[0].gpus[1].serial, "2");
  EXPECT_EQ(manifest.nodes[0].gpus[1].slot, "gpu1");
}

TEST_F(ManifestFile, MistakesAreNamedWithTheirLine) {
  EXPECT_EQ(
      errors_of("a.csv", "seriel,slot\n"),
      "a.csv:1:1: there is no column 'seriel'; did you mean 'serial'?; there are consignment, licence, node, "
      "chassis_serial, slot, serial, part_number, vbios\n"
      "a.csv:1:1: the first line must name the columns, 'serial' among them\n"
      "a.csv:1:1: there are no GPUs in the manifest\n");
}

TEST_F(ManifestFile, AGpuWithoutSerialOrInNoSlotIsAMistake) {
  EXPECT_EQ(errors_of("b.csv", "serial,slot\n1,0\n,1\n2,gpuX\n"),
            "b.csv:3:1: a GPU without a serial\nb.csv:4:1: 'gpuX' is no slot, such as gpu3 or 3\n");
}

TEST_F(ManifestFile, ThatIsNotThereIsSaid) {
  load_manifest("/nonexistent.csv", diagnostics);
  load_manifest("/nonexistent.toml", diagnostics);
  EXPECT_FALSE(diagnostics.empty());
}

TEST_F(ManifestFile, SurvivesTheWayThroughCriteria) {
  const Manifest manifest = load("m.csv", "serial,slot,node\n1,0,a\n2,1,a\n3,0,b\n");
  const auto again = nlohmann::json(manifest).get<Manifest>();
  ASSERT_EQ(again.nodes.size(), 2u);
  EXPECT_EQ(again.nodes[0].gpus[1].slot, "gpu1");
}

}  // namespace
}  // namespace assay::config
