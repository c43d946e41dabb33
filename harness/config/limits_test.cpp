#include "harness/config/limits.h"

#include <gtest/gtest.h>

#include "harness/config/test_files.h"

namespace assay::config {
namespace {

struct Outcome {
  std::vector<Limit> limits;
  std::string errors;
};

Outcome read(const std::string& content) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  Outcome outcome;
  {
    TomlFile file(folder.write("x.toml", content), diagnostics);
    Table root = file.root();
    outcome.limits =
        read_limits(root, test_vocabulary(),
                    {{"hbm", 4800, Unit::gb_per_s, "s", "d"}, {"cap", 700, Unit::watts, "s", "d"}});
  }
  outcome.errors = errors_of(diagnostics);
  return outcome;
}

const std::string kOrigin = "source = \"s\"\ndate = \"2026-11-23\"\n";  // two lines

/// Lines: 1 header, 2 check, 3 measurement, 4 finding, 5 source, 6 date, 7 on: `rest`.
std::string rate(const std::string& rest) {
  return "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"copy_bandwidth\"\nfinding = "
         "\"memory.slow\"\n" +
         kOrigin + rest;
}

std::string of(const std::string& measurement, const std::string& rest) {
  return "[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"" + measurement +
         "\"\nfinding = \"memory.slow\"\n" + kOrigin + rest;
}

TEST(Limits, AreReadWhole) {
  const Outcome min = read(rate("min = \"3729 GB/s\"\nmarginal = \"3870 GB/s\"\npeak = \"hbm\"\n"));
  EXPECT_EQ(min.errors, "");
  ASSERT_EQ(min.limits.size(), 1u);
  EXPECT_EQ(min.limits[0].check, "memory.bandwidth");
  EXPECT_EQ(min.limits[0].kind, LimitKind::min);
  EXPECT_EQ(min.limits[0].unit, Unit::gb_per_s);
  EXPECT_EQ(std::get<double>(min.limits[0].bound), 3729);
  EXPECT_EQ(min.limits[0].marginal_bound, 3870);
  EXPECT_EQ(min.limits[0].finding, "memory.slow");
  EXPECT_EQ(min.limits[0].source, "s");
  EXPECT_EQ(min.limits[0].date, "2026-11-23");
  EXPECT_EQ(min.limits[0].peak, "hbm");

  const Outcome peer =
      read(rate("peer_ratio = \"0.97 ratio\"\nscale_floor = \"120 GB/s\"\npeak = \"hbm\"\n"));
  EXPECT_EQ(peer.errors, "");
  EXPECT_EQ(peer.limits[0].kind, LimitKind::peer_ratio);
  EXPECT_EQ(std::get<double>(peer.limits[0].bound), 0.97);
  EXPECT_EQ(peer.limits[0].scale_floor, 120);

  const Outcome texts = read(of("name", "equal = \"NVIDIA H200\"\n") + of("name", "peer_equal = true\n"));
  EXPECT_EQ(texts.errors, "");
  EXPECT_EQ(std::get<std::string>(texts.limits[0].bound), "NVIDIA H200");
  EXPECT_EQ(texts.limits[1].kind, LimitKind::peer_equal);
}

TEST(Limits, NamesMustExist) {
  EXPECT_EQ(read("[[limits]]\ncheck = \"memory.bandwith\"\nmeasurement = \"x\"\nfinding = "
                 "\"memory.slo\"\nmax = 0\n" +
                 kOrigin)
                .errors,
            "2:9: there is no check 'memory.bandwith'; did you mean 'memory.bandwidth'?\n"
            "4:11: there is no finding 'memory.slo'; did you mean 'memory.slow'?\n");
  EXPECT_EQ(
      read(of("copy_bandwith", "max = 0\n")).errors,
      "3:15: there is no measurement of memory.bandwidth 'copy_bandwith'; did you mean 'copy_bandwidth'?\n");
}

TEST(Limits, TheCheckMustDeclareTheFinding) {
  const std::string limit = "measurement = \"bad_words\"\nfinding = \"device.xid\"\nmax = 0\n" + kOrigin;
  EXPECT_EQ(read("[[limits]]\ncheck = \"memory.bandwidth\"\n" + limit).errors,
            "4:11: memory.bandwidth does not declare the finding 'device.xid'; there are: memory.slow, "
            "memory.miscompare\n");
  EXPECT_EQ(read("[[limits]]\ncheck = \"telemetry\"\nmeasurement = \"xid_count\"\nfinding = "
                 "\"device.xid\"\nmax = 0\n" +
                 kOrigin)
                .errors,
            "");
}

TEST(Limits, SourceAndDateAreRequired) {
  EXPECT_EQ(read("[[limits]]\ncheck = \"memory.bandwidth\"\nmeasurement = \"bad_words\"\n"
                 "finding = \"memory.miscompare\"\nmax = 0\n")
                .errors,
            "1:1: required key 'source' is missing\n1:1: required key 'date' is missing\n");
}

TEST(Limits, HaveOneBound) {
  EXPECT_EQ(read(of("bad_words", "max = 0\nmin = 0\n")).errors,
            "7:7: a limit has one bound, and here are 'min' and 'max'\n");
  EXPECT_EQ(read(of("bad_words", "mim = 0\n")).errors,
            "1:1: a limit needs one of min, max, equal, peer_equal, peer_ratio, peer_excess\n"
            "7:1: unknown key 'mim'; did you mean 'min'?\n");
}

TEST(Limits, BoundsHaveTheDeclaredUnit) {
  EXPECT_EQ(read(rate("min = \"3.7 TB/s\"\npeak = \"hbm\"\n")).errors,
            "7:7: 'min': \"3.7 TB/s\" is in 'TB/s': GB/s is expected, such as \"3800 GB/s\"\n");
  EXPECT_EQ(read(of("bad_words", "max = \"0 1\"\n")).errors,
            "7:7: 'max' must be a plain number, such as 8, not \"0 1\"\n");
  EXPECT_EQ(read(of("name", "max = \"A\"\n")).errors,
            "7:7: 'name' is a text: it can have 'equal' or 'peer_equal'\n");
  EXPECT_EQ(read(of("name", "peer_equal = false\n")).errors, "7:14: 'peer_equal' can only be true\n");
}

TEST(Limits, RatesAreHeldAgainstTheirPeak) {
  EXPECT_EQ(read(rate("min = \"3729 GB/s\"\n")).errors,
            "1:1: the limit of a rate must name the 'peak' that it is compared with\n");
  EXPECT_EQ(read(rate("min = \"3729 GB/s\"\npeak = \"hmb\"\n")).errors,
            "8:8: there is no peak 'hmb'; did you mean 'hbm'?\n");
  EXPECT_EQ(read(rate("min = \"3729 GB/s\"\npeak = \"cap\"\n")).errors,
            "8:8: the peak 'cap' is in W, and 'copy_bandwidth' in GB/s\n");
  EXPECT_EQ(read(rate("min = \"3.729 GB/s\"\npeak = \"hbm\"\n")).errors,
            "7:7: 3.729 GB/s is 0.07769 % of the peak hbm (4800 GB/s), not 50 to 100 %: mend it or give a "
            "'reason'\n");
  EXPECT_NE(read(rate("min = \"2399 GB/s\"\npeak = \"hbm\"\n")).errors, "");
  EXPECT_EQ(read(rate("min = \"2400 GB/s\"\npeak = \"hbm\"\n")).errors, "");
  EXPECT_EQ(read(rate("min = \"4800 GB/s\"\npeak = \"hbm\"\n")).errors, "");
  EXPECT_NE(read(rate("min = \"4801 GB/s\"\npeak = \"hbm\"\n")).errors, "");
  EXPECT_NE(read(rate("min = \"4000 GB/s\"\nmarginal = \"4900 GB/s\"\npeak = \"hbm\"\n")).errors, "");
  EXPECT_EQ(read(rate("min = \"3.729 GB/s\"\npeak = \"hbm\"\nreason = \"a slice\"\n")).errors, "");
}

TEST(Limits, AnotherUnitThatNamesAPeakObeysTheSameRule) {
  EXPECT_EQ(read(of("power", "min = \"300 W\"\n")).errors, "");
  EXPECT_NE(read(of("power", "min = \"300 W\"\npeak = \"cap\"\n")).errors, "");
  EXPECT_EQ(read(of("power", "min = \"400 W\"\npeak = \"cap\"\n")).errors, "");
}

TEST(Limits, MarginalBandIsOnTheGoodSide) {
  EXPECT_EQ(
      read(rate("min = \"3729 GB/s\"\nmarginal = \"3600 GB/s\"\npeak = \"hbm\"\n")).errors,
      "8:12: 'marginal' must be above the bound: the value fails below 3729 and is marginal up to 3600\n");
  EXPECT_EQ(read(of("bad_words", "max = 8\nmarginal = 0\n")).errors, "");
  EXPECT_EQ(read(of("bad_words", "max = 8\nmarginal = 9\n")).errors,
            "8:12: 'marginal' must be below the bound: the value fails above 8 and is marginal up to 9\n");
  EXPECT_EQ(read(of("bad_words", "equal = 8\nmarginal = 9\n")).errors,
            "8:12: only min and max have a marginal band, not equal\n");
}

TEST(Limits, PeerRatioNeedsAScaleFloor) {
  EXPECT_EQ(read(rate("peer_ratio = \"0.97 ratio\"\npeak = \"hbm\"\nreason = \"r\"\n")).errors,
            "1:1: required key 'scale_floor' is missing\n");
  EXPECT_EQ(read(rate("peer_ratio = \"0.97 ratio\"\nscale_floor = \"0 GB/s\"\npeak = \"hbm\"\n")).errors,
            "8:15: 'scale_floor' must be above 0: the spread of eight good GPUs is not nothing\n");
  EXPECT_EQ(read(rate("peer_ratio = \"97 ratio\"\nscale_floor = \"9 GB/s\"\npeak = \"hbm\"\n")).errors,
            "7:14: 'peer_ratio' must be above 0 and at most 1, not 97\n");
  EXPECT_NE(read(rate("peer_ratio = \"0.97 ratio\"\nscale_floor = \"1200 GB/s\"\npeak = \"hbm\"\n")).errors,
            "");
  EXPECT_EQ(read(of("bad_words", "max = 8\nscale_floor = 1\n")).errors,
            "8:15: only peer_ratio has a scale floor\n");
  EXPECT_EQ(read(of("name", "peer_ratio = \"0.97 ratio\"\n")).errors,
            "1:1: 'name' is a text: it has no ratio\n");
}

TEST(Limits, AnExcessIsInTheMeasurementsUnitAndAboveNothing) {
  const Outcome outcome = read(of("bad_words", "peer_excess = 8\n"));
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.limits[0].kind, LimitKind::peer_excess);
  EXPECT_EQ(std::get<double>(outcome.limits[0].bound), 8);
  EXPECT_NE(read(of("bad_words", "peer_excess = 0\n")).errors.find("must be above 0"), std::string::npos);
  EXPECT_NE(read(of("bad_words", "peer_excess = \"8 degC\"\n")).errors, "");
}

TEST(Limits, OnlyTelemetryIsReadDuringAChecksSteps) {
  EXPECT_NE(
      read(of("bad_words", "max = 8\nduring = \"memory.sweep\"\n")).errors.find("only readings of telemetry"),
      std::string::npos);
}

TEST(Limits, PeersCanBeComparedAtAReadingOfTelemetry) {
  const std::string peers = "peer_ratio = \"0.97 ratio\"\nscale_floor = \"120 GB/s\"\npeak = \"hbm\"\n";
  const Outcome outcome = read(rate(peers) + rate(peers + "per = \"sm_clock_median\"\n"));
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.limits[1].per, "sm_clock_median");
  EXPECT_EQ(read(rate(peers + "per = \"sm_clok_median\"\n")).errors,
            "10:7: there is no reading to compare at 'sm_clok_median'; did you mean 'sm_clock_median'?\n");
  EXPECT_EQ(read(of("bad_words", "max = 8\nper = \"power_median\"\n")).errors,
            "8:7: only min and peer_ratio compare at a reading\n");
}

TEST(Limits, AMinCanBeAtAReadingOfTheGpusOwn) {
  const std::string at_clock = "min = \"2400 GB/s\"\npeak = \"hbm\"\nper = \"sm_clock_steady\"\n";
  const Outcome outcome = read(rate(at_clock + "at = \"1980 MHz\"\n"));
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.limits[0].at, 1980);
  EXPECT_NE(read(rate(at_clock)).errors.find("'at'"), std::string::npos);
  EXPECT_NE(read(rate(at_clock + "at = \"700 W\"\n")).errors, "");
  EXPECT_NE(read(rate("min = \"2400 GB/s\"\npeak = \"hbm\"\nat = \"1980 MHz\"\n")).errors.find("'per'"),
            std::string::npos);
}

TEST(Limits, CanBeOfOneVariant) {
  const Outcome outcome = read(of("bad_words", "max = 8\nvariant = \"near\"\n") +
                               of("bad_words", "max = 9\nvariant = \"far\"\n"));
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.limits[0].variant, "near");
  EXPECT_EQ(read(of("bad_words", "max = 8\nvariant = \"fra\"\n")).errors,
            "8:11: there is no variant of memory.bandwidth 'fra'; did you mean 'far'?\n");
}

TEST(Limits, OneOfAKindForEachMeasurement) {
  EXPECT_EQ(read(of("bad_words", "max = 8\n") + of("bad_words", "max = 9\n")).errors,
            "8:1: bad_words of memory.bandwidth has a max limit already\n");
  EXPECT_EQ(read(of("bad_words", "max = 8\n") + of("bad_words", "min = 0\n")).errors, "");
}

}  // namespace
}  // namespace assay::config
