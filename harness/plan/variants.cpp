#include "harness/plan/variants.h"

#include <algorithm>

#include "harness/registry.h"

namespace assay {
namespace {

std::vector<Variant> variants_of(const Check& check) {
  return check.variants.empty() ? std::vector<Variant>{{}} : check.variants;
}

}  // namespace

std::vector<Variant> variants_run(const Check& check, const config::Sku& sku) {
  std::vector<Variant> run;
  for (const Variant& variant : variants_of(check)) {
    if (config::why_not_run(sku, check.name, variant.name) == nullptr) run.push_back(variant);
  }
  return run;
}

std::vector<std::string> not_run(const config::Profile& profile, const config::Sku& sku) {
  std::vector<std::string> all;
  const auto add = [&](const std::string& what, const std::string* why_not) {
    if (why_not == nullptr) return;
    const std::string text = what + ": " + *why_not;
    if (std::find(all.begin(), all.end(), text) == all.end()) all.push_back(text);
  };
  for (const config::ProfileEntry& entry : profile.checks) {
    for (const Body& body : entry.bodies) {
      const Check* check = find_check(body.check);
      if (check == nullptr) continue;  // refused when the plan is made
      if (variants_run(*check, sku).empty() && sku.not_available.count(check->name) != 0) {
        add(check->name, &sku.not_available.at(check->name));
        continue;
      }
      for (const Variant& variant : check->variants)
        add(check->name + "." + variant.name, config::why_not_run(sku, check->name, variant.name));
    }
  }
  return all;
}

}  // namespace assay
