#include "harness/node_sim/cuda_emulation/tensor_cores.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "harness/node_sim/cuda_emulation/device_code.h"
#include "harness/node_sim/cuda_emulation/grid_state.h"

namespace assay::cuda_emulation {

using namespace scheduling;

namespace {

constexpr unsigned kThreads = kMostThreadsPerGroup;
/// What an accumulator in flight holds: a NaN, and no small integer.
constexpr std::uint32_t kInFlight = 0xffc0dead;

[[noreturn]] void refuse(const std::string& why, const Where& where) {
  throw KernelError(why + ", at " + text_of(where));
}

/// PTX ISA 9.0, "Matrix descriptor format". Bytes.
struct Descriptor {
  std::uint32_t start, leading, stride, swizzle;  // the last: 0, 32, 64 or 128
};

Descriptor descriptor_of(std::uint64_t bits) {
  const auto field = [&](int at) { return static_cast<std::uint32_t>(bits >> at & 0x3fff) << 4; };
  constexpr std::uint32_t kSwizzles[] = {0, 128, 64, 32};
  return {field(0), field(16), field(32), kSwizzles[bits >> 62]};
}

/// Address of an element's first byte: `row` along M or N, `k_byte` bytes along K.
std::uint32_t place_of(const Descriptor& d, bool mn_major, std::uint32_t row, std::uint32_t k_byte) {
  std::uint32_t address = d.start;
  if (mn_major) {
    const std::uint32_t k = k_byte / 2, mn_byte = 2 * row;
    if (d.swizzle == 0) return address + k / 8 * d.leading + row / 8 * d.stride + k % 8 * 16 + mn_byte % 16;
    address += mn_byte / d.swizzle * d.leading + k / 8 * d.stride + k % 8 * d.swizzle + mn_byte % d.swizzle;
  } else {
    if (d.swizzle == 0)
      return address + k_byte / 16 * d.leading + row / 8 * d.stride + row % 8 * 16 + k_byte % 16;
    address += row / 8 * d.stride + row % 8 * d.swizzle + k_byte;
  }
  const std::uint32_t chunks = d.swizzle / 16 - 1;
  return address ^ (address >> 7 & chunks) << 4;
}

using Rows = std::vector<TensorRow>;  // of B, columns

Rows operand(std::uint64_t bits, TensorType type, bool mn_major, int rows) {
  const Descriptor descriptor = descriptor_of(bits);
  const auto bytes = static_cast<std::uint32_t>(bytes_of(type));
  Rows all;
  all.reserve(static_cast<std::size_t>(rows));
  for (std::uint32_t row = 0; row < static_cast<std::uint32_t>(rows); ++row) {
    std::uint32_t elements[TensorRow::kMost] = {};
    int count = 0;
    for (std::uint32_t k_byte = 0; k_byte < kWgmmaBytesOfK; k_byte += bytes)
      std::memcpy(&elements[count++], at_shared_address(place_of(descriptor, mn_major, row, k_byte), bytes),
                  bytes);
    all.emplace_back(type, elements, count);
  }
  return all;
}

Datapath datapath_of(TensorType type) {
  switch (type) {
    case TensorType::bf16:
      return Datapath::tensor_bf16;
    case TensorType::f16:
      return Datapath::tensor_fp16;
    case TensorType::tf32:
      return Datapath::tensor_tf32;
    case TensorType::e4m3:
      return Datapath::tensor_e4m3;
    case TensorType::e5m2:
      return Datapath::tensor_e5m2;
    case TensorType::s8:
    case TensorType::u8:
      break;
  }
  return Datapath::tensor_int8;
}

/// `thread`: in the block, whose part of the result it is.
void pass_through_faults(Datapath path, unsigned thread, void* bits, std::size_t bytes) {
  if (faulty_sms == nullptr) return;
  std::uint64_t value = 0;
  std::memcpy(&value, bits, bytes);
  value = faulty_sms->result(sm_place_of(thread), path, 0, value);
  std::memcpy(bits, &value, bytes);
}

/// PTX ISA 9.0, "Register fragments for wgmma": D of 32 bits.
int wgmma_row(unsigned thread, int reg) {
  return static_cast<int>(thread / 32 * 16 + thread % 32 / 4) + 8 * (reg >> 1 & 1);
}
int wgmma_column(unsigned thread, int reg) {
  return 8 * (reg >> 2) + 2 * static_cast<int>(thread % 4) + (reg & 1);
}

/// The first thread of the group that meets.
unsigned first_of_group(unsigned threads = kThreads) {
  return grid->current->number / threads * threads;
}

void multiply(WgmmaInFlight& group, unsigned number) {
  const WgmmaForm& form = group.form;
  const int registers = form.columns / 2;
  const auto a = operand(group.a[number], form.a, form.a_mn_major, kWgmmaRows);
  const auto b = operand(group.b[number], form.b, form.b_mn_major, form.columns);
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    for (int reg = 0; reg < registers; ++reg) {
      std::uint32_t& d =
          group.accumulators[thread * static_cast<unsigned>(registers) + static_cast<unsigned>(reg)];
      d = multiply_add(a[static_cast<std::size_t>(wgmma_row(thread, reg))],
                       b[static_cast<std::size_t>(wgmma_column(thread, reg))], d);
      pass_through_faults(datapath_of(form.a), first_of_group() + thread, &d, sizeof(d));
    }
  }
}

WgmmaInFlight& group_of_this_thread() {
  return grid->current->block->wgmma[grid->current->number / kThreads];
}

/// What each thread says of the instruction.
struct Issue {
  WgmmaForm form;
  std::uint32_t* d;
  std::uint64_t a, b;
  Where where;
};

bool same_form(const WgmmaForm& x, const WgmmaForm& y) {
  return x.a == y.a && x.b == y.b && x.columns == y.columns && x.a_mn_major == y.a_mn_major &&
         x.b_mn_major == y.b_mn_major;
}

void issue(void*, void* const* all) {
  const Issue& first = *static_cast<const Issue*>(all[0]);
  WgmmaInFlight& group = group_of_this_thread();
  const auto registers = static_cast<std::size_t>(first.form.columns / 2);
  if (group.issued == WgmmaInFlight::kMost)
    refuse("more wgmma in flight than the emulation keeps", first.where);
  if (group.issued > 0 && !same_form(group.form, first.form))
    refuse("another form of wgmma while one is in flight", first.where);
  if (group.issued == 0) group.form = first.form;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    const Issue& mine = *static_cast<const Issue*>(all[thread]);
    if (!same_form(mine.form, first.form) || mine.a != first.a || mine.b != first.b)
      refuse("threads of a group name different operands of wgmma", mine.where);
    if (group.issued > 0) {
      if (mine.d != group.d[thread]) refuse("other accumulators while some are in flight", mine.where);
      continue;
    }
    group.d[thread] = mine.d;
    for (std::size_t i = 0; i < registers; ++i) {
      group.accumulators[thread * registers + i] = mine.d[i];
      mine.d[i] = kInFlight;
    }
  }
  group.a[group.issued] = first.a;
  group.b[group.issued] = first.b;
  ++group.issued;
}

void finish(void*, void* const*) {
  WgmmaInFlight& group = group_of_this_thread();
  for (unsigned i = 0; i < group.issued; ++i) multiply(group, i);
  const auto registers = static_cast<std::size_t>(group.form.columns / 2);
  for (unsigned thread = 0; thread < kThreads && group.issued > 0; ++thread) {
    for (std::size_t i = 0; i < registers; ++i)
      group.d[thread][i] = group.accumulators[thread * registers + i];
  }
  group.issued = 0;
}

/// Of one lane for mma.sync.
struct MmaLane {
  TensorType a_type, b_type;
  const std::uint32_t *a, *b;
  std::uint32_t* d;
};

/// Registers of 32 bits as elements: PTX ISA 9.0, "Matrix fragments for mma.m16n8k8", "k16", "k32". A
/// register holds elements one after another along K.
void multiply_fragments(void*, void* const* all) {
  const MmaLane& first = *static_cast<const MmaLane*>(all[0]);
  const int bytes = bytes_of(first.a_type), each = 4 / bytes, k = 8 * each;
  std::uint32_t a[16][TensorRow::kMost] = {}, b[8][TensorRow::kMost] = {};
  const auto element = [&](std::uint32_t reg, int within) {
    return bytes == 4 ? reg : reg >> (8 * bytes * within) & ((1u << (8 * bytes)) - 1);
  };
  for (int lane = 0; lane < 32; ++lane) {
    const MmaLane& mine = *static_cast<const MmaLane*>(all[lane]);
    for (int reg = 0; reg < 4; ++reg) {
      for (int i = 0; i < each; ++i) {
        const int along = lane % 4 * each + i;
        a[lane / 4 + 8 * (reg % 2)][along + 4 * each * (reg / 2)] = element(mine.a[reg], i);
        if (reg < 2) b[lane / 4][along + 4 * each * reg] = element(mine.b[reg], i);
      }
    }
  }
  Rows rows, columns;
  for (const auto& row : a) rows.emplace_back(first.a_type, row, k);
  for (const auto& column : b) columns.emplace_back(first.b_type, column, k);
  for (int lane = 0; lane < 32; ++lane) {
    const MmaLane& mine = *static_cast<const MmaLane*>(all[lane]);
    for (int reg = 0; reg < 4; ++reg) {
      const int row = lane / 4 + 8 * (reg / 2), column = lane % 4 * 2 + reg % 2;
      mine.d[reg] = multiply_add(rows[static_cast<std::size_t>(row)],
                                 columns[static_cast<std::size_t>(column)], mine.d[reg]);
      pass_through_faults(datapath_of(mine.a_type),
                          first_of_group(kLanesPerWarp) + static_cast<unsigned>(lane), &mine.d[reg],
                          sizeof(mine.d[reg]));
    }
  }
}

struct MmaDoubles {
  double a, b;
  double* d;
};

void multiply_doubles(void*, void* const* all) {
  const auto lane_of = [&](int lane) -> const MmaDoubles& {
    return *static_cast<const MmaDoubles*>(all[lane]);
  };
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 2; ++i) {
      const int row = lane / 4, column = lane % 4 * 2 + i;
      double sum = lane_of(lane).d[i];
      for (int k = 0; k < 4; ++k) sum = std::fma(lane_of(4 * row + k).a, lane_of(4 * column + k).b, sum);
      pass_through_faults(Datapath::tensor_fp64, first_of_group(kLanesPerWarp) + static_cast<unsigned>(lane),
                          &sum, sizeof(sum));
      lane_of(lane).d[i] = sum;
    }
  }
}

}  // namespace

void wgmma_fence(Where) {
  grid->current->wgmma_fenced = true;
}

void wgmma(const WgmmaForm& form, std::uint32_t* d, std::uint64_t a_descriptor, std::uint64_t b_descriptor,
           Where where) {
  if (!grid->current->wgmma_fenced) refuse("wgmma without wgmma.fence before it", where);
  grid->current->wgmma_committed = false;
  Issue mine{form, d, a_descriptor, b_descriptor, where};
  meet_as_group(kThreads, &mine, issue, nullptr, where);
}

void wgmma_commit(Where) {
  grid->current->wgmma_committed = true;
}

void wgmma_wait(Where where) {
  if (!grid->current->wgmma_committed) refuse("a wait for wgmma that was not committed", where);
  grid->current->wgmma_fenced = false;
  meet_as_group(kThreads, nullptr, finish, nullptr, where);
}

void mma(TensorType a_type, TensorType b_type, const std::uint32_t* a, const std::uint32_t* b,
         std::uint32_t* d, Where where) {
  MmaLane mine{a_type, b_type, a, b, d};
  meet_as_group(kLanesPerWarp, &mine, multiply_fragments, nullptr, where);
}

void mma_f64(double a, double b, double* d, Where where) {
  MmaDoubles mine{a, b, d};
  meet_as_group(kLanesPerWarp, &mine, multiply_doubles, nullptr, where);
}

}  // namespace assay::cuda_emulation
