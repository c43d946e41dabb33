// What checks that sweep memory say of words that were not as written.
#pragma once

#include <vector>

#include "harness/check.h"
#include "kernels/memory_sweep.h"

namespace assay {

/// Emits bad_words and, where there are some, the culprit and the evidence. `passes`: what the sweep ran,
/// from its first pass on.
void emit_miscompares(Context& context, const memory::SweepReport& report,
                      const std::vector<memory::Pass>& passes);

/// To be declared beside bad_words.
Measure culprit_of_miscompares();

}  // namespace assay
