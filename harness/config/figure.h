// A figure in a file: { value, source, date }, or { value, assumed, date } where nothing has been published.
#pragma once

#include <string>

#include "harness/config/reader.h"

namespace assay::config {

double read_figure(Table& root, const std::string& key, Unit unit);
/// An error where it is not above 0.
double read_positive(Table& root, const std::string& key, Unit unit);
/// Bytes a second, of one in GB/s.
double read_bytes_per_s(Table& root, const std::string& key);

}  // namespace assay::config
