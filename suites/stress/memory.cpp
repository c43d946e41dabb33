// Memory traffic for a check that it overlaps with. How fast it is depends on what else is at work, and is
// nobody's limit.
#include "harness/check.h"
#include "suites/stress/copies.h"

namespace assay {
namespace {

const Registered stress_memory{{
    .name = "stress.memory",
    .summary = "Copies of full-entropy data arrive unchanged while other work takes the power",
    .scope = Scope::ranks,
    .measures = measures_of_copies(),
    .findings = {"memory.miscompare"},
    .run = copy_and_emit,
    .detects = "wrong data in 12 GiB of the memory under traffic, beside whatever it overlaps with",
    .misses = "how fast the memory is: memory.bandwidth; the rest of the memory: memory.sweep",
    .device_evidence = "its kernels: H200, driver 580.159.04, 2026-11-26: reports/evidence/2026-11-26-h200-2",
    .meets = false,
    .loads = {Resource::memory},
    .device_seconds = seconds_of_copies,
}};

}  // namespace
}  // namespace assay
