// What measurements are called where people read them. Their identifiers are English words; who reads another
// language is told in it, with the identifier behind, since that is what records and limits go by.
#pragma once

#include <string>
#include <string_view>

namespace assay {

/// "links_downed" in "en"; with the words before it in "zh-CN". An identifier alone where there are none.
std::string name_of_measurement(std::string_view identifier, std::string_view language);

}  // namespace assay
