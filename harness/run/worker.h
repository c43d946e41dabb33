// A worker: works on one placement, as one of its participants, and sends what it measures. A process of its
// own, or a thread of a fast simulation.
#pragma once

#include "harness/node/backend.h"

namespace assay::run {

/// Runs the assignment that arrives on `fd` to its end; returns the process's exit status. It sends messages
/// with one key each, and beside it "body", the number of the body that speaks, where there are several:
/// - measure {name, value, unit, part}: a number or a text; "NaN", "Infinity", "-Infinity" for such numbers
/// - evidence {name, content}
/// - attach {name, type, file}: which now lies in the run's folder
/// - log {message}
/// - progress {fraction}
/// - error {symptom, message, part}: the symptom is a finding code; "part", where one of several devices
/// is
///   meant, its slot
/// - exchange {blob}: bytes as hexadecimal text; answered by {exchange: [blob, ...]} when all ranks have come
/// - stay {}: the first half of a resident's work is done; answered by {go_on: {}} at the end of its lifetime
/// - look_again {}: answered by {readings: ...}, taken now
/// - done {}: the last one
int worker_main(int fd, const Backend& backend);

}  // namespace assay::run
