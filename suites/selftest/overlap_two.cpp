// A check that passes only beside selftest.overlap_one.
#include "suites/selftest/overlap.h"

namespace assay::selftest {
namespace {

const Registered check{
    declare("selftest.overlap_two", "overlaps with selftest.overlap_one", Scope::gpu, run_overlapping)};

}  // namespace
}  // namespace assay::selftest
