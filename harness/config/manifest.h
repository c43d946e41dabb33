// A delivery manifest, as TOML or as the CSV that a spreadsheet gives.
//
//   consignment = "C-2026-117"
//   licence = "EL-4711"
//   [[nodes]]
//   name = "node-17"
//   chassis_serial = "0XAMPL1"
//   [[nodes.gpus]]
//   slot = "gpu0"
//   serial = "1753724031847"
//   part_number = "695-2G520-0280-000"
//   vbios = "96.00.A5.00.03"
//
// In CSV a line is a GPU, and the first line names the columns, in any order: consignment, licence, node,
// chassis_serial, slot, serial, part_number, vbios. Only serial must be there; slot is "gpu3" or "3".
#pragma once

#include <string>

#include "harness/config/diagnostics.h"
#include "harness/model/manifest.h"

namespace assay::config {

/// By the file's name: .csv, or TOML. Every error with its line.
Manifest load_manifest(const std::string& path, Diagnostics& diagnostics);

}  // namespace assay::config
