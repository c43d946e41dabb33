// What `resume` does, for `run --go-on`, too.
#pragma once

#include <string>

#include "harness/cli/conclude.h"
#include "harness/run/interrupt.h"

namespace assay::cli {

/// Goes on with the run in this folder. Throws UsageError, CannotRun, MachineRefused.
int resume_run(const std::string& path, const std::string& workers, const OutputOptions& output,
               run::OnTerminate on_terminate = run::OnTerminate::end_the_run);

}  // namespace assay::cli
