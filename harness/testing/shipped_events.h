// For tests: what the kernel's log says, by the shipped catalogue.
#pragma once

#include <gtest/gtest.h>

#include "harness/config/event_catalogue.h"
#include "harness/config/paths.h"
#include "harness/kernel_log/meaning.h"

namespace assay::testing_tools {

inline const EventCatalogue& shipped_events() {
  static const EventCatalogue catalogue = [] {
    config::Diagnostics diagnostics;
    auto loaded = config::load_event_catalogue(config::configs_folder() + "/xid", diagnostics);
    EXPECT_EQ(diagnostics.text(), "");
    return loaded;
  }();
  return catalogue;
}

inline KernelEvent interpreted(KernelEvent event) {
  kernel_log::interpret(event, shipped_events());
  return event;
}

}  // namespace assay::testing_tools
