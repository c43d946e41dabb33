// How a worker says what went wrong: the error, and whose it is as far as the worker knows.
#pragma once

#include <cstddef>
#include <string>

#include "harness/check.h"
#include "harness/run/assignment.h"
#include "harness/run/worker_pipe.h"

namespace assay::run {

/// `part`: the slot that it came from, where it is one of several, or all that it can have come from. Throws
/// ipc::ProtocolError when nobody listens any more.
void send_error(WorkerPipe& pipe, std::size_t body, const FindingCode& symptom, const std::string& message,
                const Part& part = {});

/// The same of what a device, or a check, throws.
void send_error(WorkerPipe& pipe, const Assignment& assignment, std::size_t body, const DeviceError& error);

}  // namespace assay::run
