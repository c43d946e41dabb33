#include "harness/config/event_catalogue.h"

#include <gtest/gtest.h>

#include "harness/testing/scratch_folder.h"

namespace assay::config {
namespace {

const std::string kHead = "source = \"x\"\ndate = \"2026-01-01\"\n";

struct EventCatalogueFiles : testing::Test {
  EventCatalogueFiles() {
    folder.write("actions.toml", "[actions.RESET_GPU]\nen = \"reset the GPU\"\nzh-CN = \"复位 GPU\"\n");
    folder.write(
        "xid.toml",
        kHead + "[[xids]]\nnumber = 48\nsays = \"fatal\"\nimmediate = \"RESET_GPU\"\nen = \"DBE\"\n");
    folder.write("sxid.toml", kHead + "[[sxids]]\nnumber = 20034\nseverity = \"port\"\nen = \"link down\"\n");
  }
  EventCatalogue load() { return load_event_catalogue(folder.path(), diagnostics); }
  std::string errors() {
    load();
    const std::string text = diagnostics.text();
    return text.substr(std::min(text.size(), folder.path().string().size() + 1));
  }
  testing_tools::ScratchFolder folder;
  Diagnostics diagnostics;
};

TEST_F(EventCatalogueFiles, AreRead) {
  const EventCatalogue catalogue = load();
  EXPECT_EQ(diagnostics.text(), "");
  EXPECT_EQ(catalogue.xid_date, "2026-01-01");
  EXPECT_EQ(catalogue.xids.at(48).says, Says::fatal);
  EXPECT_EQ(catalogue.xids.at(48).immediate, "RESET_GPU");
  EXPECT_EQ(catalogue.sxids.at(20034).severity, SxidSeverity::port);
  EXPECT_EQ(catalogue.actions.at("RESET_GPU").at("zh-CN"), "复位 GPU");
}

TEST_F(EventCatalogueFiles, ANumberThatIsThereTwiceIsAnError) {
  folder.write("xid.toml", kHead +
                               "[[xids]]\nnumber = 48\nsays = \"fatal\"\nen = \"a\"\n"
                               "[[xids]]\nnumber = 48\nsays = \"nothing\"\nen = \"b\"\n");
  EXPECT_EQ(errors(), "xid.toml:8:10: 48 is there twice\n");
}

TEST_F(EventCatalogueFiles, AnActionWithoutWordsIsAnError) {
  folder.write("sxid.toml",
               kHead + "[[sxids]]\nnumber = 1\nseverity = \"port\"\nimmediate = \"PRAY\"\nen = \"a\"\n");
  EXPECT_EQ(errors(), "sxid.toml:6:13: actions.toml has no words for 'PRAY'\n");
}

TEST_F(EventCatalogueFiles, AnXidMustSayWhatItSays) {
  folder.write("xid.toml", kHead + "[[xids]]\nnumber = 48\nsays = \"perhaps\"\nen = \"a\"\n");
  EXPECT_NE(errors().find("perhaps"), std::string::npos);
}

}  // namespace
}  // namespace assay::config
