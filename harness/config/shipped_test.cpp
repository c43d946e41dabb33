// The shipped configurations, against this binary's own checks.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/config/fault.h"
#include "harness/config/findings.h"
#include "harness/config/paths.h"
#include "harness/config/profile.h"
#include "harness/config/sim_node.h"
#include "harness/config/site.h"
#include "harness/config/sku.h"
#include "harness/config/vocabulary.h"
#include "harness/model/finding_codes.h"
#include "harness/model/measurement_names.h"
#include "harness/model/telemetry_measures.h"
#include "harness/registry.h"

namespace assay::config {
namespace {

bool is_plant(const std::string& name) {
  return name.rfind("plant-", 0) == 0;
}
bool is_selftest(const std::string& check) {
  return check.rfind("selftest.", 0) == 0;
}

TEST(ShippedConfigs, TheCatalogueHasEveryCodeThatTheCodeNames) {
  Diagnostics diagnostics;
  std::set<FindingCode> known;
  for (const FindingKind& kind : load_findings(configs_folder() + "/findings", diagnostics))
    known.insert(kind.code);
  for (const char* code : codes::kAll) EXPECT_EQ(known.count(code), 1u) << code;
}

TEST(ShippedConfigs, AllLoadWithoutAnError) {
  Diagnostics diagnostics;
  EXPECT_GE(load_findings(configs_folder() + "/findings", diagnostics).size(), 50u);
  for (const std::string& name : names("skus")) load_sku(resolve("skus", name), diagnostics);
  for (const std::string& name : names("profiles")) load_profile(resolve("profiles", name), diagnostics);
  for (const std::string& name : names("site")) load_site(resolve("site", name), diagnostics);
  for (const std::string& name : names("faults")) load_fault(name, diagnostics);
  for (const std::string& name : names("sim")) {
    if (!is_plant(name)) load_sim_node(resolve("sim", name), diagnostics);
  }
  EXPECT_EQ(diagnostics.text(), "");
  for (const char* kind : {"skus", "profiles", "site", "faults", "sim"})
    EXPECT_FALSE(names(kind).empty()) << kind;
}

TEST(ShippedSkus, LimitEverythingThatIsJudged) {
  Diagnostics diagnostics;
  const Vocabulary vocabulary = shipped_vocabulary(diagnostics);
  for (const std::string& name :
       {std::string("h200-sxm-8"), std::string("h200-sxm-8-vm"), std::string("h200-1gpu-bench")}) {
    const Sku sku = load_sku(resolve("skus", name), diagnostics);
    for (const Check& check : vocabulary.checks) {
      if (is_selftest(check.name) || sku.not_available.count(check.name) != 0) continue;
      for (const Measure& measure : check.measures) {
        if (!measure.judged || sku.not_available.count(check.name + "/" + measure.name) != 0) continue;
        for (const char* state : {kDelivered, kInService}) {
          EXPECT_TRUE(std::any_of(sku.limits.begin(), sku.limits.end(),
                                  [&](const Limit& limit) {
                                    return limit.check == check.name && limit.measurement == measure.name &&
                                           (limit.when.empty() || limit.when == state);
                                  }))
              << name << " has no limit for " << check.name << "/" << measure.name << ", " << state;
        }
      }
    }
  }
}

/// Of what no peak was published for, or nobody has measured on eight H200s, half is as much as can be said.
double least_of(const Limit& limit) {
  const bool is_guess = limit.source.find("none published") == 0 || limit.source == "as of a GPU" ||
                        limit.measurement == "host_memory" || limit.measurement == "both_ways" ||
                        limit.measurement == "from_devices" || limit.peak == "nvlink_switched";
  return limit.check.find("memory.") != 0 && is_guess ? 0.5 : 0.7;
}

/// A written reason lifts the rule of 50 to 100 %, so that a slip beside one would not be an error of the
/// file.
TEST(ShippedSkus, RatesArePlausibleEvenWhereTheyGiveAReason) {
  Diagnostics diagnostics;
  const Sku sku = load_sku(resolve("skus", "h200-sxm-8"), diagnostics);
  for (const Limit& limit : sku.limits) {
    if (limit.unit != Unit::gb_per_s || limit.kind != LimitKind::min) continue;
    if (limit.check == "memory.l2") continue;  // to be faster than the memory is its proof
    // Eight GPUs at once are held up by the host's memory, whose peak is the maker's.
    if (limit.measurement.find("_together") != std::string::npos) continue;
    // What is small, some MiB, waits for most of its time.
    if (limit.check == "collective.bandwidth" && limit.measurement.back() == 'm') continue;
    const auto peak =
        std::find_if(sku.peaks.begin(), sku.peaks.end(), [&](const Peak& p) { return p.name == limit.peak; });
    ASSERT_NE(peak, sku.peaks.end()) << limit.measurement;
    EXPECT_GT(std::get<double>(limit.bound), least_of(limit) * peak->value) << limit.measurement;
    EXPECT_LT(limit.marginal_bound.value_or(std::get<double>(limit.bound)), peak->value) << limit.measurement;
  }
}

TEST(Measurements, HaveANameInEachLanguage) {
  const auto expect_name = [](const std::string& of, const Measure& measure) {
    EXPECT_NE(name_of_measurement(measure.name, "zh-CN"), measure.name)
        << of << ": harness/model/measurement_names.cpp lacks it";
  };
  for (const Check& check : all_checks()) {
    if (is_selftest(check.name)) continue;
    for (const Measure& measure : check.measures) expect_name(check.name, measure);
  }
  for (const Measure& measure : telemetry_measures()) expect_name(kTelemetryCheck, measure);
}

TEST(ShippedSkus, SlotsAndCertifiability) {
  Diagnostics diagnostics;
  const Sku full = load_sku(resolve("skus", "h200-sxm-8"), diagnostics);
  ASSERT_EQ(full.slots.size(), 8u);
  for (int slot = 0; slot < 8; ++slot) {
    EXPECT_EQ(full.slots[static_cast<std::size_t>(slot)].part, Part::gpu(slot));
    EXPECT_EQ(full.slots[static_cast<std::size_t>(slot)].module_id, slot + 1);
  }
  EXPECT_TRUE(full.certifiable);
  const Sku bench = load_sku(resolve("skus", "h200-1gpu-bench"), diagnostics);
  EXPECT_EQ(bench.slots.size(), 1u);
  EXPECT_FALSE(bench.certifiable);
}

TEST(ShippedFaults, ExpectAFindingWhoseClassGivesThatVerdict) {
  Diagnostics diagnostics;
  const Vocabulary vocabulary = shipped_vocabulary(diagnostics);
  // Wrong where a site says so: tests/site_test.cpp.
  std::set<std::string> kinds{"port_down", "acs_redirects", "iommu_translates"};
  for (const std::string& name : names("faults")) {
    const Fault fault = load_fault(name, diagnostics);
    kinds.insert(fault.kind);
    const FindingKind* finding = vocabulary.finding(fault.expect.code);
    ASSERT_NE(finding, nullptr) << name;
    EXPECT_EQ(fault.expect.verdict, accuses(finding->cls) ? "REJECT" : "INCONCLUSIVE") << name;
  }
  EXPECT_EQ(kinds.size(), fault_kinds().size()) << "a kind of fault without a file is never planted";
}

TEST(ShippedSimNodes, StandInTheirSkusSlots) {
  Diagnostics diagnostics;
  for (const std::string& name : names("sim")) {
    if (is_plant(name)) continue;
    const SimNode node = load_sim_node(resolve("sim", name), diagnostics);
    const Sku sku = load_sku(resolve("skus", node.sku), diagnostics);
    EXPECT_EQ(node.nvswitches, sku.nvswitches) << name;
    ASSERT_EQ(node.gpus.size(), sku.slots.size()) << name;
    for (const Slot& slot : sku.slots) {
      EXPECT_TRUE(slot.module_id == 0 ||
                  std::any_of(node.gpus.begin(), node.gpus.end(),
                              [&](const SimGpu& gpu) { return gpu.module_id == slot.module_id; }))
          << name << " has nothing in " << slot.part;
    }
  }
}

}  // namespace
}  // namespace assay::config
