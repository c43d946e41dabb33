#include "harness/config/sku.h"

#include <gtest/gtest.h>

#include "harness/config/sku_reader.h"
#include "harness/config/test_files.h"

namespace assay::config {
namespace {

std::string peak(const char* value) {
  return std::string("[[peaks]]\nname = \"hbm\"\nvalue = \"") + value +
         "\"\nsource = \"sheet\"\ndate = \"2026-11-23\"\n";
}

const std::string kHead =
    "summary = \"s\"\ncertifiable = true\nnvswitches = 4\nspeed = \"h200\"\n";  // four lines
const std::string kSlot = "[[slots]]\npart = \"gpu0\"\nmodule_id = 1\n";        // three lines

std::string bad_words(int most) {
  return "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"bad_words\"\nfinding = "
         "\"memory.miscompare\"\n"
         "source = \"s\"\ndate = \"2026-11-23\"\nmax = " +
         std::to_string(most) + "\n";
}

std::string errors_of_sku(const std::string& content) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  read_sku(folder.write("x.toml", content), test_vocabulary(), diagnostics);
  return errors_of(diagnostics);
}

TEST(Sku, IsReadWhole) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  const Sku sku = read_sku(
      folder.write("mine.toml", kHead + kSlot + "[[slots]]\npart = \"gpu1\"\nmodule_id = 5\n" +
                                    "[[peaks]]\nname = \"hbm\"\nvalue = \"4800 GB/s\"\nsource = \"sheet\"\n"
                                    "date = \"2026-11-23\"\n" +
                                    bad_words(0) +
                                    "[not_available]\n\"memory.bandwidth/power\" = \"no sensor\"\n"),
      test_vocabulary(), diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  EXPECT_EQ(sku.name, "mine");
  EXPECT_TRUE(sku.certifiable);
  EXPECT_EQ(sku.nvswitches, 4);
  ASSERT_EQ(sku.slots.size(), 2u);
  EXPECT_EQ(sku.slots[1].part, "gpu1");
  EXPECT_EQ(sku.slots[1].module_id, 5);
  ASSERT_EQ(sku.peaks.size(), 1u);
  EXPECT_EQ(sku.peaks[0].value, 4800);
  EXPECT_EQ(sku.peaks[0].unit, Unit::gb_per_s);
  EXPECT_EQ(sku.limits.size(), 1u);
  EXPECT_EQ(sku.not_available.at("memory.bandwidth/power"), "no sensor");
}

TEST(Sku, SlotsAreDistinct) {
  EXPECT_EQ(errors_of_sku(kHead + kSlot + kSlot),
            "9:8: the slot 'gpu0' is there twice\n10:13: gpu0 has the module id 1 already\n");
  EXPECT_EQ(errors_of_sku(kHead + "[[slots]]\npart = \"gpu0/hbm\"\nmodule_id = 1\n"),
            "6:8: 'gpu0/hbm' is no slot, such as \"gpu3\"\n");
  EXPECT_EQ(errors_of_sku(kHead + "[[slots]]\npart = \"gpu07\"\nmodule_id = 1\n"),
            "6:8: 'gpu07' is no slot, such as \"gpu3\"\n");
  EXPECT_EQ(errors_of_sku(kHead + kSlot + "[[slots]]\npart = \"gpu1\"\nmodule_id = 0\n"),
            "10:13: a node with several slots must tell each by its module id, from 1 up\n");
  EXPECT_EQ(errors_of_sku(kHead), "1:1: a SKU has at least one [[slots]]\n");
}

TEST(Sku, PeaksAreDistinctAndPositive) {
  const std::string peak =
      "[[peaks]]\nname = \"p\"\nvalue = \"1 W\"\nsource = \"s\"\ndate = \"2026-11-23\"\n";
  EXPECT_EQ(errors_of_sku(kHead + kSlot + peak + peak), "14:8: the peak 'p' is there twice\n");
  EXPECT_EQ(errors_of_sku(kHead + kSlot + "[[peaks]]\nname = \"p\"\nvalue = \"1 kW\"\nsource = \"s\"\n"),
            "8:1: required key 'date' is missing\n"
            "10:9: 'value' must be a number, or a string with a unit, such as \"4800 GB/s\", not \"1 kW\"\n");
  EXPECT_EQ(errors_of_sku(kHead + kSlot +
                          "[[peaks]]\nname = \"p\"\nvalue = \"0 W\"\nsource = \"s\"\n"
                          "date = \"2026-11-23\"\n"),
            "10:9: a peak is above 0\n");
}

TEST(Sku, NotAvailableNamesMeasurementsWithoutLimits) {
  EXPECT_EQ(
      errors_of_sku(
          kHead + kSlot + bad_words(0) +
          "[not_available]\n\"memory.bandwidth/bad_words\" = \"why\"\n"
          "\"memory.bandwidth/pover\" = \"why\"\n\"memory.bandwith/x\" = \"why\"\n\"telemetry\" = \"w\"\n"),
      "16:1: 'memory.bandwidth/bad_words' has a limit, so it must be available\n"
      "17:1: memory.bandwidth has no measurement 'pover'; did you mean 'power'?\n"
      "18:1: 'memory.bandwith/x' is no \"check/measurement\": there is no check 'memory.bandwith'; did you "
      "mean "
      "'memory.bandwidth'?\n"
      "19:1: telemetry has no measurement ''; there are: xid_count\n");
}

TEST(Sku, TakesLimitsFromAnother) {
  const ScratchFolder folder;
  const std::string power =
      "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"power\"\nfinding = \"memory.slow\"\nsource "
      "= \"s\"\n"
      "date = \"2026-11-23\"\nmax = \"700 W\"\n";
  folder.write("big.toml", kHead + kSlot + bad_words(0) + power);
  Diagnostics diagnostics;
  const Sku bench =
      read_sku(folder.write("bench.toml", "limits_from = \"big\"\n" + kHead + kSlot + bad_words(3) +
                                              "[not_available]\n\"memory.bandwidth/power\" = \"why\"\n"),
               test_vocabulary(), diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  ASSERT_EQ(bench.limits.size(), 1u);
  EXPECT_EQ(bench.limits[0].measurement, "bad_words");
  EXPECT_EQ(std::get<double>(bench.limits[0].bound), 3);
}

TEST(Sku, APeakOfItsOwnStandsInPlaceOfThatOfTheOther) {
  const ScratchFolder folder;
  folder.write("big.toml", kHead + kSlot + peak("4800 GB/s"));
  Diagnostics diagnostics;
  const Sku bench =
      read_sku(folder.write("bench.toml", "limits_from = \"big\"\n" + kHead + kSlot + peak("3352 GB/s")),
               test_vocabulary(), diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  ASSERT_EQ(bench.peaks.size(), 1u);
  EXPECT_EQ(bench.peaks[0].value, 3352);
}

TEST(Sku, TakesLimitsFromNoChain) {
  const ScratchFolder folder;
  folder.write("big.toml", "limits_from = \"big\"\n" + kHead + kSlot);
  Diagnostics diagnostics;
  read_sku(folder.write("bench.toml", "limits_from = \"big\"\n" + kHead + kSlot), test_vocabulary(),
           diagnostics);
  read_sku(folder.write("other.toml", "limits_from = \"bgi\"\n" + kHead + kSlot), test_vocabulary(),
           diagnostics);
  EXPECT_EQ(errors_of(diagnostics),
            "1:15: a SKU that others take limits from cannot take them from a third\n"
            "1:15: there is no SKU 'bgi'; did you mean 'big'?\n");
}

TEST(LimitsFile, HasItsOwnLimitsAlone) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  const Sku sku =
      read_sku(folder.write("x.toml", kHead + kSlot + bad_words(0)), test_vocabulary(), diagnostics);
  std::string minimum = bad_words(0);
  minimum.replace(minimum.find("max"), 3, "min");
  const auto limits =
      read_limits_file(folder.write("own.toml", bad_words(7) + minimum), sku, test_vocabulary(), diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  ASSERT_EQ(limits.size(), 2u);
  EXPECT_EQ(std::get<double>(limits[0].bound), 7);
  EXPECT_EQ(limits[1].kind, LimitKind::min);

  read_limits_file(folder.write("empty.toml", ""), sku, test_vocabulary(), diagnostics);
  EXPECT_EQ(errors_of(diagnostics), "1:1: a file of limits has at least one [[limits]]\n");
}

TEST(Sku, OnlyWhatIsNotCertifiableHasSeveralRanksOnAGpu) {
  const std::string bench = "summary = \"s\"\ncertifiable = false\nnvswitches = 0\nspeed = \"h200\"\n";
  const ScratchFolder folder;
  Diagnostics diagnostics;
  EXPECT_EQ(
      read_sku(folder.write("x.toml", bench + "ranks_per_gpu = 4\n" + kSlot), test_vocabulary(), diagnostics)
          .ranks_per_gpu,
      4);
  EXPECT_EQ(read_sku(folder.write("y.toml", bench + kSlot), test_vocabulary(), diagnostics).ranks_per_gpu, 1);
  EXPECT_EQ(diagnostics.text(), "");
  EXPECT_EQ(errors_of_sku(kHead + "ranks_per_gpu = 1\n" + kSlot), "");
  EXPECT_EQ(errors_of_sku(kHead + "ranks_per_gpu = 4\n" + kSlot),
            "5:17: collectives among ranks that share a GPU show nothing of links: such a SKU is not "
            "certifiable\n");
  EXPECT_NE(errors_of_sku(bench + "ranks_per_gpu = 9\n" + kSlot), "");
  EXPECT_NE(errors_of_sku(bench + "ranks_per_gpu = 0\n" + kSlot), "");
}

TEST(Sku, DoesNotRunChecksAndVariantsThatAreNotAvailable) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  const std::string of_variant =
      "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"bad_words\"\nvariant = "
      "\"far\"\nfinding = \"memory.miscompare\"\nsource = \"s\"\n"
      "date = \"2026-11-23\"\nmax = 1\n";
  folder.write("base.toml", kHead + kSlot + bad_words(0) + of_variant);
  const auto limits_with = [&](const std::string& absent) {
    return read_sku(
        folder.write("x.toml", kHead + "limits_from = \"base\"\n" + kSlot + "[not_available]\n" + absent),
        test_vocabulary(), diagnostics);
  };
  const Sku variant = limits_with("\"memory.bandwidth.far\" = \"too far\"\n");
  ASSERT_NE(why_not_run(variant, "memory.bandwidth", "far"), nullptr);
  EXPECT_EQ(*why_not_run(variant, "memory.bandwidth", "far"), "too far");
  EXPECT_EQ(why_not_run(variant, "memory.bandwidth", "near"), nullptr);
  EXPECT_EQ(variant.limits.size(), 1u);
  const Sku check = limits_with("\"memory.bandwidth\" = \"none\"\n");
  EXPECT_NE(why_not_run(check, "memory.bandwidth", "near"), nullptr);
  EXPECT_TRUE(check.limits.empty());
  EXPECT_EQ(diagnostics.text(), "");
  EXPECT_EQ(errors_of_sku(kHead + kSlot + "[not_available]\n\"memory.bandwidth.fa\" = \"x\"\n"),
            "9:1: 'memory.bandwidth.fa' is no check, variant of one or \"check/measurement\"; did you mean "
            "'memory.bandwidth'?\n");
  EXPECT_EQ(errors_of_sku(kHead + kSlot + bad_words(0) + "[not_available]\n\"memory.bandwidth\" = \"x\"\n"),
            "16:1: 'memory.bandwidth' has a limit, so it must be available\n");
}

}  // namespace
}  // namespace assay::config
