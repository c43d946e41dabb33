#include "harness/config/shipped_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/config/findings.h"
#include "harness/config/paths.h"
#include "harness/config/profile.h"
#include "harness/config/sku.h"

namespace assay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ShippedFiles, AreThoseOfTheSourceTree) {
  Diagnostics diagnostics;
  for (const std::string& name : names("skus"))
    EXPECT_THAT(not_as_shipped("skus", load_sku(resolve("skus", name), diagnostics).files), IsEmpty());
  for (const std::string& name : names("profiles")) {
    const Profile profile = load_profile(resolve("profiles", name), diagnostics);
    EXPECT_THAT(not_as_shipped("profiles", profile.files), IsEmpty());
  }
  std::vector<SourceFile> catalogue;
  load_findings(configs_folder() + "/findings", diagnostics, &catalogue);
  EXPECT_THAT(not_as_shipped_whole("findings", catalogue), IsEmpty());
  EXPECT_EQ(diagnostics.text(), "");
}

TEST(ShippedFiles, AreKnownByNameAndContentTogether) {
  Diagnostics diagnostics;
  const std::string quick = load_profile(resolve("profiles", "quick"), diagnostics).files.at(0).sha256;
  EXPECT_THAT(not_as_shipped("profiles", {{"/elsewhere/quick.toml", quick}}), IsEmpty());
  EXPECT_THAT(not_as_shipped("profiles", {{"/elsewhere/acceptance.toml", quick}}),
              ElementsAre("/elsewhere/acceptance.toml"));
  EXPECT_THAT(not_as_shipped("skus", {{"/elsewhere/quick.toml", quick}}),
              ElementsAre("/elsewhere/quick.toml"));
  const std::string in_place = resolve("profiles", "acceptance");
  EXPECT_THAT(not_as_shipped("profiles", {{in_place, quick}}), ElementsAre(in_place + ", not as shipped"));
}

TEST(ShippedFiles, AMissingOneOfTheCatalogueIsNoticed) {
  Diagnostics diagnostics;
  std::vector<SourceFile> catalogue;
  load_findings(configs_folder() + "/findings", diagnostics, &catalogue);
  const std::string gone = catalogue.front().path;
  catalogue.erase(catalogue.begin());
  EXPECT_THAT(not_as_shipped_whole("findings", catalogue), ElementsAre(gone + ", missing"));
}

}  // namespace
}  // namespace assay::config
