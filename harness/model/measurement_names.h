// What measurements are called where people read them. Their identifiers are English words; who reads another
// language is told in it, with the identifier behind, since that is what records and limits go by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/model/phrase.h"

namespace assay {

/// "links_downed" in "en"; with the words before it in "zh-CN". An identifier alone where there are none.
std::string name_of_measurement(std::string_view identifier, std::string_view language);
Phrase phrase_of_measurement(std::string_view identifier);
/// One after the other, with commas.
Phrase phrase_of_measurements(const std::vector<std::string>& identifiers);

}  // namespace assay
