// Memory traffic beside other work: copies of full-entropy data, each batch looked at.
#pragma once

#include "harness/check.h"

namespace assay {

/// For as long as the profile says. Emits `bad_words` and `copy_bandwidth`.
void copy_and_emit(Context& context);

std::vector<Measure> measures_of_copies();
double seconds_of_copies(const DeviceSpeed& speed, double duration_s);

}  // namespace assay
