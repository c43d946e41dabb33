// What is said of data that arrived other than they were sent.
#pragma once

#include <string>

#include "kernels/bad_words.h"

namespace assay {

/// "3 words of 16 bytes, the first at byte 272, bits 77"; empty where there are none.
std::string text_of(const memory::BadWords& bad);

}  // namespace assay
