// The judge: from records and criteria to findings and one verdict.
#pragma once

#include "harness/model/criteria.h"
#include "harness/model/judgement.h"
#include "harness/model/run.h"

namespace assay::verdict {

/// Pure: no clock, no file, no device. The same arguments give the same judgement. A run that is not closed
/// is at best INCONCLUSIVE: who judges in order to close it (and has ended all steps) says so by setting
/// `closed` beforehand.
Judgement judge(const RunRecord& run, const Criteria& criteria);

}  // namespace assay::verdict
