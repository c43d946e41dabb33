// A check that passes only beside selftest.overlap_two.
#include "suites/selftest/overlap.h"

namespace assay::selftest {
namespace {

const Registered check{
    declare("selftest.overlap_one", "overlaps with selftest.overlap_two", Scope::gpu, run_overlapping)};

}  // namespace
}  // namespace assay::selftest
