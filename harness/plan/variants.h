// Which of a check's variants a SKU runs.
#pragma once

#include <string>
#include <vector>

#include "harness/config/profile.h"
#include "harness/config/sku.h"
#include "harness/model/declaration.h"

namespace assay {

/// In the order of the declaration; of a check that declares none, one without a name. Empty where the SKU
/// does not run the check.
std::vector<Variant> variants_run(const Check& check, const config::Sku& sku);

/// For people: what the profile asks for and the SKU does not run, each once, with the reason.
std::vector<std::string> not_run(const config::Profile& profile, const config::Sku& sku);

}  // namespace assay
