// Reports: pure functions of a run's records, the judgement and the criteria. No clock, no file, no device:
// the same arguments give the same bytes.
#pragma once

#include <string>

#include "harness/model/criteria.h"
#include "harness/model/judgement.h"
#include "harness/model/run.h"

namespace assay::reports {

/// All that a report may look at.
struct Input {
  const RunRecord& run;
  const Judgement& judgement;
  const Criteria& criteria;
  std::string language = "en";  // "en" or "zh-CN"; anything else reads as "en"
  std::string run_folder;       // as the reader should see it; may be empty
};

struct TextOptions {
  bool colour = false;  // ANSI escapes, for a terminal
};

/// At most 100 columns wide, East Asian wide characters counted as two.
std::string text(const Input& input, const TextOptions& options = {});

/// One file that refers to nothing outside itself.
std::string html(const Input& input);

}  // namespace assay::reports
