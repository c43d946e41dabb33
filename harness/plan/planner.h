// Makes the plan: what the SKU asks for, what the profile runs, and what was found in the node.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/config/fault.h"
#include "harness/config/profile.h"
#include "harness/config/site.h"
#include "harness/config/sku.h"
#include "harness/model/plan.h"
#include "harness/model/readings.h"

namespace assay {

/// The request does not fit the SKU, the profile or the node. what() is for people.
class PlanError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct PlanRequest {
  const config::Sku& sku;
  const config::Profile& profile;
  const config::Site& site;
  const NodeReadings& readings;
  std::string node;  // as on the command line
  bool simulated = false;
  std::uint64_t seed = 0;
  std::vector<std::string> only;  // globs over check names; empty: all
  std::vector<int> gpus;          // slots; empty: all
  std::vector<config::Fault> faults;
};

/// Whether `only` names the check; where it is empty, it names all.
bool is_named(const std::string& check, const std::vector<std::string>& only);

/// Throws PlanError.
Plan make_plan(const PlanRequest& request);

/// Which GPU is in which slot: by the site's PCI addresses, else by module id; a SKU without module ids takes
/// what is there, in the library's order. Throws PlanError when that cannot be told.
std::vector<PlannedSlot> assign_slots(const config::Sku& sku, const config::Site& site,
                                      const NodeReadings& readings);

}  // namespace assay
