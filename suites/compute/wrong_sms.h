// What checks of multiprocessors (SMs) say of those that are wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "harness/check.h"

namespace assay {

/// Emits `measure`, with its culprit, of the eight that have most of it, and a map of all as evidence.
void emit_wrong_sms(Context& context, const std::string& measure,
                    const std::map<unsigned, std::uint64_t>& by_sm,
                    const std::function<std::string(unsigned sm)>& culprit);

}  // namespace assay
