#include "harness/telemetry/series_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "harness/base/files.h"

namespace assay::telemetry {
namespace {

constexpr int kCompressionLevel = 3;  // zstd's own default

void append_cell(std::string& row, const Integer& reading) {
  row += ',';
  if (reading.value) fmt::format_to(std::back_inserter(row), "{}", *reading.value);
}

}  // namespace

const std::string& SeriesFile::header() {
  static const std::string header =
      "time_ns,part,power_mw,sm_mhz,memory_mhz,temperature_c,memory_temperature_c,utilisation_percent,"
      "memory_utilisation_percent,throttle_reasons,pcie_generation,pcie_width,memory_used_mib,margin_c,"
      "statistic,samples\n";
  return header;
}

SeriesFile::SeriesFile(const std::string& path)
    : fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)), path_(path) {
  if (!fd_) throw std::runtime_error(path + ": " + std::strerror(errno));
  if (lseek(fd_.get(), 0, SEEK_END) == 0) pending_ = header();
}

SeriesFile::~SeriesFile() {
  try {
    end_stretches();
    flush();
  } catch (const std::exception&) {  // the disk is full, and nobody is left to tell
  }
}

void SeriesFile::add(const Part& part, const GpuSample& sample) {
  for (const SeriesRow& row : stretches_[part].add(sample)) write(part, row);
}

void SeriesFile::end_stretches() {
  for (auto& [part, stretch] : stretches_) {
    for (const SeriesRow& row : stretch.take()) write(part, row);
  }
}

void SeriesFile::write(const Part& part, const SeriesRow& row) {
  const GpuSample& s = row.values;
  fmt::format_to(std::back_inserter(pending_), "{},{}", s.time, part);
  for (const Integer* reading :
       {&s.power_mw, &s.sm_mhz, &s.memory_mhz, &s.temperature_c, &s.memory_temperature_c,
        &s.utilisation_percent, &s.memory_utilisation_percent, &s.throttle_reasons, &s.pcie_generation,
        &s.pcie_width, &s.memory_used_mib, &s.margin_c}) {
    append_cell(pending_, *reading);
  }
  fmt::format_to(std::back_inserter(pending_), ",{},{}\n", name_of(row.statistic), row.samples);
  ++rows_;
}

void SeriesFile::flush() {
  if (pending_.empty()) return;
  std::string frame(ZSTD_compressBound(pending_.size()), '\0');
  const std::size_t size =
      ZSTD_compress(frame.data(), frame.size(), pending_.data(), pending_.size(), kCompressionLevel);
  if (ZSTD_isError(size)) throw std::runtime_error(path_ + ": " + ZSTD_getErrorName(size));
  pending_.clear();
  if (const int error = write_all(fd_.get(), {frame.data(), size}); error != 0)
    throw std::runtime_error(path_ + ": " + std::strerror(error));
}

}  // namespace assay::telemetry
