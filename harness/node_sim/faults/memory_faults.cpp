// Faults of the memory.
#include <algorithm>
#include <bit>

#include "harness/model/units.h"
#include "harness/node_sim/faults/fault_kind.h"

namespace assay::sim {
namespace {

using Parameters = std::vector<config::FaultParameter>;

// An ECC codeword is taken as 32 bytes, the card's smallest access; the wires of a 16-byte word are counted
// once.
constexpr double kCodewordBits = 256, kWordBits = 128;

const config::FaultParameter kPosition{
    "position", "where in the memory, as a share of its size", Unit::ratio, 0, 1, 0.5};
const config::FaultParameter kStuckValue{"value", "what it is stuck at", Unit::count, 0, 1, 1};

int bit_parameter(const FaultState& fault, const char* name, double bits) {
  return static_cast<int>(std::clamp(fault_parameter(fault, name, 0), 0.0, bits - 1));
}

std::uint64_t planted_codeword(const FaultState& fault, std::uint64_t words) {
  const std::uint64_t codewords = std::max<std::uint64_t>(1, words / kWordsPerCodeword);
  const double position = std::clamp(fault_parameter(fault, "position", 0.5), 0.0, 1.0);
  return std::min(codewords - 1, static_cast<std::uint64_t>(position * static_cast<double>(codewords)));
}

bool stuck_value(const FaultState& fault) {
  return fault_parameter(fault, "value", 0) != 0;
}

void stick_a_bit(const FaultState& fault, std::uint64_t words, MemoryFaults& faults) {
  faults.cells.push_back({planted_codeword(fault, words), bit_parameter(fault, "bit", kCodewordBits),
                          stuck_value(fault) ? BadCell::Reads::one : BadCell::Reads::zero});
}

void flip_two_bits(const FaultState& fault, std::uint64_t words, MemoryFaults& faults) {
  for (const char* bit : {"bit", "second_bit"}) {
    faults.cells.push_back(
        {planted_codeword(fault, words), bit_parameter(fault, bit, kCodewordBits), BadCell::Reads::inverted});
  }
}

void stick_a_wire(const FaultState& fault, std::uint64_t, MemoryFaults& faults) {
  const auto stride = static_cast<std::uint64_t>(std::max(1.0, fault_parameter(fault, "stride", 1)));
  faults.wires.push_back({bit_parameter(fault, "bit", kWordBits), stuck_value(fault), stride});
}

void stick_a_wire_of_the_cache(const FaultState& fault, std::uint64_t words, MemoryFaults& faults) {
  MemoryFaults of_memory;
  stick_a_wire(fault, words, of_memory);
  faults.cache_wires.push_back(of_memory.wires.front());
}

/// Cells one after another, as those of a row lie.
void weaken_cells(const FaultState& fault, std::uint64_t words, MemoryFaults& faults) {
  const std::uint64_t first = planted_codeword(fault, words);
  const auto count = static_cast<std::uint64_t>(std::max(1.0, fault_parameter(fault, "cells", 1)));
  const double hold_s = fault_parameter(fault, "holds_for", 0);
  for (std::uint64_t i = 0; i < count; ++i) {
    BadCell cell{first + i, bit_parameter(fault, "bit", kCodewordBits), BadCell::Reads::inverted};
    cell.every = static_cast<std::uint64_t>(std::max(1.0, fault_parameter(fault, "every", 1)));
    cell.after = nanoseconds_of(hold_s);
    cell.above_c = fault_parameter(fault, "above", cell.above_c);
    cell.only_among_opposite = fault_parameter(fault, "among_opposite", 0) != 0;
    faults.cells.push_back(cell);
  }
}

void break_an_address_line(const FaultState& fault, std::uint64_t words, MemoryFaults& faults) {
  const auto lines = static_cast<int>(std::bit_width(words / kWordsPerCodeword));
  const auto line = [&](const char* name) {
    return std::clamp(static_cast<int>(fault_parameter(fault, name, 0)), 0, std::max(0, lines - 1));
  };
  faults.address_lines.push_back(
      {line("line"),
       static_cast<BadAddressLine::Carries>(static_cast<int>(fault_parameter(fault, "carries", 0))),
       line("other_line")});
}

std::string are_two_lines(const config::Fault& fault) {
  if (fault.parameters.at("carries") < 2 || fault.parameters.at("line") != fault.parameters.at("other_line"))
    return {};
  return "'other_line' must be another line than 'line': a line is not shorted with itself";
}

std::string is_one_bit(const config::Fault& fault) {
  if (fault.parameters.at("bit") != fault.parameters.at("second_bit")) return {};
  return "'second_bit' must be another bit than 'bit': the same one flipped twice is no error";
}

const RegisteredFault stuck_bit{
    {"hbm_stuck_bit",
     "one memory cell is stuck: ECC corrects and counts every read of it that differs",
     "gpu/hbm",
     {{"bit", "of the 32-byte codeword", Unit::count, 0, kCodewordBits - 1, 77}, kPosition, kStuckValue}},
    {.in_memory = stick_a_bit}};

const RegisteredFault double_bit{
    {"hbm_double_bit",
     "two bits of one codeword flip: ECC sees and cannot correct them; the driver logs an Xid and remaps the "
     "row",
     "gpu/hbm",
     {kPosition,
      {"bit", "of the 32-byte codeword", Unit::count, 0, kCodewordBits - 1, 12},
      {"second_bit", "of the same codeword; another one than bit", Unit::count, 0, kCodewordBits - 1, 201}},
     is_one_bit},
    {.in_memory = flip_two_bits}};

const RegisteredFault data_wire{
    {"hbm_data_wire",
     "a data wire behind ECC is stuck: wrong data that no counter shows",
     "gpu/hbm",
     {{"bit", "of the 16-byte word", Unit::count, 0, kWordBits - 1, 37},
      kStuckValue,
      {"stride", "every how many 16-byte words pass over the wire", Unit::count, 1, 65536, 64}}},
    {.in_memory = stick_a_wire}};

const RegisteredFault weak_cell{
    {"hbm_weak_cell",
     "cells lose their bit now and then: some time after they were written, when they are warm, among others "
     "that "
     "hold the opposite",
     "gpu/hbm",
     {{"bit", "of the 32-byte codeword", Unit::count, 0, kCodewordBits - 1, 77},
      kPosition,
      {"cells", "so many codewords, one after another", Unit::count, 1, 64, 1},
      {"every", "so many reads, one is wrong", Unit::count, 1, 1e9, 1},
      {"holds_for", "wrong only so long after it was written", Unit::seconds, 0, 86400, 0},
      {"above", "wrong only while the memory is warmer", Unit::celsius, -50, 150, -50},
      {"among_opposite", "1: wrong only while both neighbours hold the opposite", Unit::count, 0, 1, 0}}},
    {.in_memory = weaken_cells}};

const RegisteredFault address_line{
    {"hbm_address_line",
     "a line of the memory's address is stuck, or shorted with another: words reach other words' cells, "
     "which no "
     "counter shows",
     "gpu/hbm",
     {{"line", "of the address, counted in codewords of 32 bytes", Unit::count, 0, 31, 3},
      {"carries", "0, 1; 2: AND of both lines; 3: OR of both", Unit::count, 0, 3, 0},
      {"other_line", "that it is shorted with", Unit::count, 0, 31, 5}},
     are_two_lines},
    {.in_memory = break_an_address_line}};

const RegisteredFault slow_memory{
    {"hbm_slow",
     "the memory delivers a part of its bandwidth",
     "gpu/hbm",
     {{"factor", "share of this unit's bandwidth that is left", Unit::ratio, 0.3, 0.99, 0.8}}},
    {.share_of = [](const FaultState& fault, WorkKind kind) {
      return resource_of(kind) == Resource::memory ? fault_parameter(fault, "factor", 1) : 1;
    }}};

const RegisteredFault slow_cache{
    {"l2_slow",
     "the second-level cache delivers a part of its rate, as where it does not hold what it should",
     "gpu/l2",
     {{"factor", "share that is left", Unit::ratio, 0.1, 0.99, 0.6}}},
    {.share_of = [](const FaultState& fault, WorkKind kind) {
      return resource_of(kind) == Resource::l2 ? fault_parameter(fault, "factor", 1) : 1;
    }}};

const RegisteredFault cache_wire{
    {"l2_wire",
     "a bit on the way between the second-level cache and its readers is stuck, which no counter shows",
     "gpu/l2",
     {{"bit", "of the 16-byte word", Unit::count, 0, kWordBits - 1, 21},
      kStuckValue,
      {"stride", "of words, every so many-th is read wrongly", Unit::count, 1, 4096, 64}}},
    {.in_memory = stick_a_wire_of_the_cache}};

const RegisteredFault memory_short{{"memory_short",
                                    "the GPU shows less memory than it should",
                                    "gpu",
                                    {{"missing", "what is missing", Unit::mebibytes, 1, 65536, 24576}}},
                                   {.at_start = [](const Planting& gpu) {
                                     gpu.constants().memory_bytes -= gpu.whole("missing") * kBytesPerMib;
                                   }}};

const RegisteredFault row_remap_pending{
    {"row_remap_pending", "a row was remapped, which takes effect with the next reset", "gpu/hbm", {}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().remap_pending = 1; }}};

const RegisteredFault row_remap_failure{
    {"row_remap_failure", "a row could not be remapped", "gpu/hbm", {}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().remap_failure = 1; }}};

const RegisteredFault rows_remapped{
    {"rows_remapped",
     "rows were remapped for uncorrected errors in the card's life",
     "gpu/hbm",
     {{"rows", "how many", Unit::count, 1, 512, 2}}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().remapped_uncorrected = gpu.whole("rows"); }}};

const RegisteredFault spare_rows_low{
    {"spare_rows_low",
     "banks of the memory have few or no spare rows left",
     "gpu/hbm",
     {{"few", "banks with few", Unit::count, 0, 1000, 0},
      {"none", "banks without any", Unit::count, 0, 1000, 0}}},
    {.at_start = [](const Planting& gpu) {
      gpu.dynamic().banks_with_few_rows = static_cast<std::int32_t>(gpu.whole("few"));
      gpu.dynamic().banks_without_rows = static_cast<std::int32_t>(gpu.whole("none"));
    }}};

const RegisteredFault repair_pending{
    {"repair_pending",
     "a repair of the GPU takes effect with the next reset",
     "gpu",
     {{"channel", "of a memory channel", Unit::count, 0, 1, 0},
      {"tpc", "of a group of multiprocessors", Unit::count, 0, 1, 0}}},
    {.at_start = [](const Planting& gpu) {
      gpu.dynamic().channel_repair_pending = static_cast<std::int32_t>(gpu.whole("channel"));
      gpu.dynamic().tpc_repair_pending = static_cast<std::int32_t>(gpu.whole("tpc"));
    }}};

const RegisteredFault sram_errors{{"sram_errors",
                                   "on-chip memory makes errors under load",
                                   "gpu",
                                   {{"corrected", "at each launch", Unit::count, 0, 100000, 2},
                                    {"uncorrected", "at each launch", Unit::count, 0, 1000, 0}}},
                                  {.at_launch = [](const Launch& launch) {
                                    const Lock lock(launch.state.mutex);
                                    launch.dynamic().ecc_corrected_sram += launch.whole("corrected");
                                    launch.dynamic().ecc_uncorrected_sram += launch.whole("uncorrected");
                                  }}};

const RegisteredFault ecc_history{
    {"ecc_history",
     "errors that were counted before the run, and not since",
     "gpu",
     {{"corrected_dram", "of HBM, corrected", Unit::count, 0, 1e9, 0},
      {"uncorrected_sram", "of on-chip memory, not corrected", Unit::count, 0, 1e9, 0},
      {"lifetime_uncorrected_dram", "of HBM, not corrected, before the driver was loaded", Unit::count, 0,
       1e9, 0},
      {"lifetime_uncorrected_sram", "of on-chip memory, the same", Unit::count, 0, 1e9, 0}}},
    {.at_start = [](const Planting& gpu) {
      gpu.dynamic().ecc_uncorrected_dram_aggregate += gpu.whole("lifetime_uncorrected_dram");
      gpu.dynamic().ecc_uncorrected_sram_before += gpu.whole("lifetime_uncorrected_sram");
      gpu.dynamic().ecc_corrected_dram += gpu.whole("corrected_dram");
      gpu.dynamic().ecc_uncorrected_sram += gpu.whole("uncorrected_sram");
    }}};

const RegisteredFault sram_threshold{
    {"sram_threshold", "on-chip memory errors are above the maker's threshold", "gpu", {}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().sram_threshold_exceeded = 1; }}};

const RegisteredFault counter_reset{
    {"counter_reset", "an error counter starts again at 0 in the middle of the run", "gpu", {}},
    {.at_start = [](const Planting& gpu) { gpu.dynamic().ecc_corrected_dram = 3; },
     .at_launch =
         [](const Launch& launch) {
           const Lock lock(launch.state.mutex);
           launch.dynamic().ecc_corrected_dram = 0;
         }}};

}  // namespace
}  // namespace assay::sim
