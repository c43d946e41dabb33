#include "reports/view/capability.h"

#include <algorithm>
#include <array>
#include <set>

#include "harness/model/grade.h"

namespace assay::reports {
namespace {

// Dense: without the structured sparsity that datasheets count twice.
constexpr std::array<ProductFigures, 2> kProducts{{
    {"NVIDIA H200", 1979, 8, 4800, "NVIDIA H200 datasheet: FP8 and INT8 Tensor Core, dense; HBM3e 4.8 TB/s"},
    {"NVIDIA H100 80GB HBM3", 1979, 8, 3350,
     "NVIDIA H100 datasheet, SXM: FP8 and INT8 Tensor Core, dense; HBM3 3.35 TB/s"},
}};

std::string common_name(const Plan& plan) {
  std::set<std::string> names;
  for (const PlannedSlot& slot : plan.slots) {
    if (!slot.name.empty()) names.insert(slot.name);
  }
  return names.size() == 1 ? *names.begin() : "";
}

void add(std::vector<CapabilityRow>& rows, const std::string& what, double value, const std::string& unit) {
  const auto known =
      std::find_if(rows.begin(), rows.end(), [&](const CapabilityRow& row) { return row.what == what; });
  if (known == rows.end()) {
    rows.push_back({what, value, value, unit});
  } else {
    known->least = std::min(known->least, value);
    known->most = std::max(known->most, value);
  }
}

}  // namespace

std::optional<Capability> capability_of(const Input& input) {
  Capability capability;
  capability.product = common_name(input.run.plan);
  for (const Step& step : input.run.steps) {
    const bool products = step.check == "compute.gemm", memory = step.check == "memory.bandwidth";
    for (const Measurement& measurement : step.measurements) {
      const bool is_rate =
          (products && measurement.name == "rate") || (memory && measurement.name == "read_bandwidth");
      const auto value = number_of(measurement.value);
      if (is_rate && value && *value > 0)
        add(capability.rows, products ? step.variant : "HBM", *value, measurement.unit);
    }
  }
  if (capability.rows.empty()) return std::nullopt;
  const auto found = std::find_if(kProducts.begin(), kProducts.end(), [&](const ProductFigures& figures) {
    return figures.name == capability.product;
  });
  if (found != kProducts.end()) capability.figures = *found;
  return capability;
}

}  // namespace assay::reports
