#include <algorithm>
#include <tuple>

#include "kernels/exact_gemm/exact_gemm.h"
#include "kernels/exact_gemm/multiply.h"
#include "kernels/exact_gemm/sums.h"

namespace assay::compute::ASSAY_TARGET {
namespace {

/// Lines that are looked at element by element.
constexpr std::size_t kMostLines = 64;
constexpr std::uint32_t kNobody = ~0u;  // has stored a tile
constexpr unsigned kShares = 16;        // of panels or rows, by which a sum is split

std::unique_ptr<DeviceBuffer> zeroed(Gpu& gpu, std::uint64_t bytes) {
  auto buffer = gpu.allocate(bytes);
  cuda::check(cudaMemset(buffer->device_pointer(), 0, bytes), "clear");
  return buffer;
}

using cuda::download;
using cuda::pointer;

template <Datapath kType, typename Tile>
class Gemm : public ExactGemm {
 public:
  Gemm(Gpu& gpu, std::uint64_t seed, const GemmShape& shape)
      : gpu_(gpu),
        nominal_(shape_on_card(kType)),
        shape_(shape),
        of_a_(gpu.allocate(std::uint64_t{shape_.row_panels} * shape_.chunks * kPieceBytes)),
        of_b_(gpu.allocate(std::uint64_t{shape_.column_panels} * shape_.chunks * kPieceBytes)),
        of_c_(gpu.allocate(shape_.rows() * shape_.columns() * sizeof(Bits))),
        sm_of_tile_(zeroed(gpu, shape_.tiles() * sizeof(std::uint32_t))),
        of_sums_(gpu.allocate((shape_.rows() + shape_.columns() + 1) * sizeof(Sum))),
        a_{pointer<unsigned char>(of_a_), shape_.row_panels, shape_.chunks, memory::mix64(seed)},
        b_{pointer<unsigned char>(of_b_), shape_.column_panels, shape_.chunks, memory::mix64(seed + 1)} {
    for (const Operand& operand : {a_, b_}) {
      cuda::launch({operand.panels * operand.chunks, kSumThreads},
                   Work(WorkKind::write, double{1} * operand.panels * operand.chunks * kPieceBytes),
                   fill_operand<kType>, operand, E::most(k()));
    }
    // C w = A (B' w), and C' v = B (A' v).
    expected_rows_ = projected(a_, b_);
    expected_columns_ = projected(b_, a_);
  }

  double multiply(unsigned shift) override { return multiply_in_time_of(1, shift); }
  GemmFindings check() override { return check_in_time_of(1); }

  GemmFindings multiply_and_check(unsigned shift, int repetitions) override {
    const int done = gpu_.emulated() ? 1 : repetitions, each_stands_for = repetitions / done;
    GemmFindings all;
    for (int i = 0; i < done; ++i) {
      multiply_in_time_of(each_stands_for, shift + static_cast<unsigned>(i));
      const GemmFindings one = check_in_time_of(each_stands_for);
      if (i == 0) all.digest = one.digest;
      const bool adds_up = one.wrong_rows + one.wrong_columns == 0;
      all.other_digests += adds_up && one.digest != all.digest ? 1 : 0;
      all.wrong_rows += one.wrong_rows;
      all.wrong_columns += one.wrong_columns;
      all.wrong_elements += one.wrong_elements;
      for (const auto& [sm, count] : one.by_sm) all.by_sm[sm] += count;
      if (all.first.empty()) all.first = one.first;
    }
    return all;
  }

  std::uint64_t wrong_in_tile(unsigned tile) override {
    const unsigned row_tiles = shape_.row_panels / shape_.groups;
    const unsigned first_panel = tile % row_tiles * shape_.groups, column_panel = tile / row_tiles;
    const std::size_t panel_bytes = std::size_t{shape_.chunks} * kPieceBytes;
    auto a = download<unsigned char>(a_.piece(first_panel, 0), shape_.groups * panel_bytes);
    auto b = download<unsigned char>(b_.piece(column_panel, 0), panel_bytes);
    const Operand of_a{a.data(), shape_.groups, shape_.chunks, 0}, of_b{b.data(), 1, shape_.chunks, 0};
    std::uint64_t wrong = 0;
    for (std::uint32_t row = 0; row < shape_.groups * kPanelRows; ++row) {
      const std::uint64_t first = (std::uint64_t{first_panel} * kPanelRows + row) * shape_.columns() +
                                  std::uint64_t{column_panel} * kPanelRows;
      const auto line = download<Bits>(pointer<Bits>(of_c_) + first, kPanelRows);
      for (std::uint32_t column = 0; column < kPanelRows; ++column)
        wrong += Result<kType>::integer(line[column]) != element<kType>(of_a, of_b, row, column) ? 1 : 0;
    }
    return wrong;
  }

  double operations() const override {
    return work_of_multiplication(kType, nominal_).amount(Resource::tensor_cores);
  }

 private:
  using E = Elements<kType>;
  using Bits = typename Result<kType>::Bits;
  using Buffer = std::unique_ptr<DeviceBuffer>;

  double multiply_in_time_of(int multiplications, unsigned shift) {
    const GemmParameters parameters{a_.pieces,
                                    b_.pieces,
                                    of_c_->device_pointer(),
                                    pointer<std::uint32_t>(sm_of_tile_),
                                    shape_,
                                    shift % shape_.tiles()};
    Work work = work_of_multiplication(kType, nominal_);
    work *= multiplications;
    // A tile that is left out is not to leave the last one's.
    for (const Buffer* buffer : {&of_c_, &sm_of_tile_})
      cuda::check(cudaMemset((*buffer)->device_pointer(), 0xff, (*buffer)->bytes()), "clear");
    watch_.start();
    cuda::launch({static_cast<unsigned>(gpu_.multiprocessors()), shape_.groups * kGemmGroupThreads,
                  cuda::kSharedBytesOfOneBlock},
                 work, multiply_tiles<Tile, kType>, parameters);
    return watch_.stop();
  }

  GemmFindings check_in_time_of(int checks) {
    Work work = work_of_check(kType, nominal_);
    work *= checks;
    const std::uint64_t rows = shape_.rows(), columns = shape_.columns();
    Sum* const sums = pointer<Sum>(of_sums_);
    cuda::check(cudaMemset(sums, 0, of_sums_->bytes()), "clear");
    add_up_lines({rows, columns, columns, 1, b_.weight_seed()}, work, sums, nullptr);
    add_up_lines({columns, rows, 1, columns, a_.weight_seed()}, Work{}, sums + rows, sums + rows + columns);
    const auto mine = download<Sum>(sums, rows + columns + 1);
    const auto wrong_rows = differing(mine.data(), expected_rows_);
    const auto wrong_columns = differing(mine.data() + rows, expected_columns_);
    GemmFindings findings;
    findings.wrong_rows = wrong_rows.size();
    findings.wrong_columns = wrong_columns.size();
    findings.digest = mine.back();
    if (!wrong_rows.empty()) {
      name_elements(wrong_rows, true, findings);
    } else if (!wrong_columns.empty()) {
      name_elements(wrong_columns, false, findings);
    }
    return findings;
  }

  std::uint64_t k() const { return std::uint64_t{shape_.chunks} * E::kPerChunk; }

  /// `operand` times the weighted sum of the other one's rows.
  std::vector<Sum> projected(const Operand& operand, const Operand& other) {
    const auto bytes_of = [](const Operand& o) { return double{1} * o.panels * o.chunks * kPieceBytes; };
    const Buffer sums = zeroed(gpu_, k() * sizeof(Sum));
    cuda::launch({other.chunks * kShares, kSumThreads}, Work(WorkKind::read, bytes_of(other)),
                 weigh_rows<kType>, other, pointer<Sum>(sums));
    const std::uint64_t rows = std::uint64_t{operand.panels} * kPanelRows;
    const Buffer out = zeroed(gpu_, rows * sizeof(Sum));
    cuda::launch({operand.panels * operand.chunks, kSumThreads}, Work(WorkKind::read, bytes_of(operand)),
                 project<kType>, operand, pointer<const Sum>(sums), pointer<Sum>(out));
    return download<Sum>(out->device_pointer(), rows);
  }

  void add_up_lines(const Lines& lines, const Work& work, Sum* sums, Sum* digest) {
    const auto blocks = static_cast<unsigned>((lines.count + kSumThreads - 1) / kSumThreads);
    cuda::launch({blocks * kShares, kSumThreads}, work, add_up<kType>, pointer<const Bits>(of_c_), lines,
                 sums, digest);
  }

  static std::vector<std::uint32_t> differing(const Sum* mine, const std::vector<Sum>& expected) {
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (mine[i] != expected[i]) numbers.push_back(static_cast<std::uint32_t>(i));
    }
    return numbers;
  }

  void name_elements(std::vector<std::uint32_t> lines, bool are_rows, GemmFindings& findings) {
    lines.resize(std::min(lines.size(), kMostLines));
    const Buffer list = gpu_.allocate(lines.size() * sizeof(lines[0]));
    cuda::check(cudaMemcpy(list->device_pointer(), lines.data(), lines.size() * sizeof(lines[0]),
                           cudaMemcpyHostToDevice),
                "upload");
    const Buffer of_tiles = zeroed(gpu_, shape_.tiles() * sizeof(std::uint32_t));
    const cuda::Resident<WrongList> wrong;
    const std::uint64_t length = are_rows ? shape_.columns() : shape_.rows();
    const auto blocks = static_cast<unsigned>((length + kSumThreads - 1) / kSumThreads);
    cuda::launch({blocks * static_cast<unsigned>(lines.size()), kSumThreads}, Work{}, look_at_lines<kType>,
                 pointer<const Bits>(of_c_), a_, b_, pointer<const std::uint32_t>(list), are_rows,
                 wrong.get(), pointer<std::uint32_t>(of_tiles), shape_.groups);
    const auto found = download<std::uint32_t>(of_tiles->device_pointer(), shape_.tiles());
    const auto sm = download<std::uint32_t>(sm_of_tile_->device_pointer(), shape_.tiles());
    for (std::size_t tile = 0; tile < found.size(); ++tile) {
      if (found[tile] == 0) continue;
      if (sm[tile] != kNobody) findings.by_sm[sm[tile]] += found[tile];
      findings.wrong_elements += found[tile];
    }
    const WrongList all = wrong.download();
    const unsigned row_tiles = shape_.row_panels / shape_.groups;
    for (std::uint32_t i = 0; i < std::min(all.count, WrongList::kMost); ++i) {
      const auto& one = all.of[i];
      const unsigned tile = one.column / kPanelRows * row_tiles + one.row / kPanelRows / shape_.groups;
      findings.first.push_back({one.row, one.column, one.expected, one.bits, sm[tile]});
    }
    std::sort(findings.first.begin(), findings.first.end(), [](const WrongElement& x, const WrongElement& y) {
      return std::tie(x.row, x.column) < std::tie(y.row, y.column);
    });
  }

  Gpu& gpu_;
  GemmShape nominal_, shape_;
  Buffer of_a_, of_b_, of_c_, sm_of_tile_;
  Buffer of_sums_;  // of rows, then of columns, then the digest
  Operand a_, b_;
  std::vector<Sum> expected_rows_, expected_columns_;
  cuda::Stopwatch watch_;
};

template <Datapath kType, typename Form>
std::unique_ptr<ExactGemm> by_wgmma(Gpu& gpu, std::uint64_t seed, const GemmShape& shape) {
  return std::make_unique<Gemm<kType, WgmmaTile<Form, kType>>>(gpu, seed, shape);
}

}  // namespace

std::unique_ptr<ExactGemm> make_exact_gemm(Gpu& gpu, Datapath type, std::uint64_t seed,
                                           const GemmShape& shape) {
  namespace form = cuda::wgmma;
  switch (type) {
    case Datapath::tensor_bf16:
      return by_wgmma<Datapath::tensor_bf16, form::Bf16>(gpu, seed, shape);
    case Datapath::tensor_fp16:
      return by_wgmma<Datapath::tensor_fp16, form::F16>(gpu, seed, shape);
    case Datapath::tensor_tf32:
      return by_wgmma<Datapath::tensor_tf32, form::Tf32>(gpu, seed, shape);
    case Datapath::tensor_e4m3:
      return by_wgmma<Datapath::tensor_e4m3, form::E4m3>(gpu, seed, shape);
    case Datapath::tensor_e5m2:
      return by_wgmma<Datapath::tensor_e5m2, form::E5m2>(gpu, seed, shape);
    case Datapath::tensor_int8:
      return by_wgmma<Datapath::tensor_int8, form::S8>(gpu, seed, shape);
    default:
      return std::make_unique<Gemm<Datapath::tensor_fp64, DoubleTile>>(gpu, seed, shape);
  }
}

}  // namespace assay::compute::ASSAY_TARGET
