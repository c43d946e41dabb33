// What of a part is bad, in words: for findings, in each of the languages.
#pragma once

#include <vector>

#include "harness/check.h"
#include "harness/model/phrase.h"

namespace assay {

/// As the step's kCulprit, one after the other. Nothing where nothing is said. The check declares both
/// measurements.
inline void name_culprits(Context& context, const Part& part, const std::vector<Phrase>& culprits) {
  Phrase all;
  for (const Phrase& one : culprits) {
    if (!all.empty()) all += {"; ", "；"};
    all += one;
  }
  if (all.empty()) return;
  context.measure_at(part, kCulprit, all.english);
  if (all.chinese != all.english) context.measure_at(part, kCulpritInChinese, all.chinese);
}

}  // namespace assay
