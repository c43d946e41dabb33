// What an event of the kernel's log says, by the catalogue of its numbers.
#pragma once

#include "harness/model/event_catalogue.h"
#include "harness/model/kernel_event.h"

namespace assay::kernel_log {

/// Fills in KernelEvent::meaning and `explained`. Where line and catalogue differ, the line's own word
/// counts.
void interpret(KernelEvent& event, const EventCatalogue& catalogue);

}  // namespace assay::kernel_log
