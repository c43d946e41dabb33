#include <algorithm>
#include <stdexcept>

#include "kernels/collective_data/collective_data.h"
#include "kernels/collective_data/fills_and_looks.h"
#include "kernels/cuda_support.h"

namespace assay::collective::ASSAY_TARGET {
namespace {

/// kernel<bits>(...) of the datatype.
template <typename Of8, typename Of16, typename Of32, typename Of64>
auto by_size(DataType type, Of8 of_8, Of16 of_16, Of32 of_32, Of64 of_64) {
  const unsigned bits = bits_in(type);
  return bits == 8 ? of_8 : bits == 16 ? of_16 : bits == 32 ? of_32 : of_64;
}

class DataOfGpu final : public RankData {
 public:
  DataOfGpu(Gpu& gpu, std::uint64_t bytes, std::size_t received_buffers)
      : gpu_(gpu), own_(gpu.allocate(bytes + kAround)) {
    std::uint64_t words = own_->words();
    for (std::size_t i = 0; i < received_buffers; ++i) {
      buffers_.push_back({gpu.allocate(bytes + kAround)});
      words = std::min(words, buffers_.back().memory->words());
    }
    if (words * sizeof(Word128) <= kAround)
      throw std::length_error("no room for an element between the guards");
    bytes_ = words * sizeof(Word128) - kAround;
    load_kernels_of<8>();
    load_kernels_of<16>();
    load_kernels_of<32>();
    load_kernels_of<64>();
    cuda::load(guard);
    cuda::load(hold_for);
  }

  /// Under the emulation, as much as every place of a collective is in.
  std::uint64_t bytes_there() const override {
    constexpr std::uint64_t kMostEmulated = 64 << 10;
    return gpu_.emulated() ? std::min(bytes_, kMostEmulated) : bytes_;
  }
  bool stands_for_more() const override { return gpu_.emulated(); }
  void* stream() const override { return stream_.get(); }

  void prepare(const Job& job, bool in_place) override {
    job_ = job;
    in_place_ = in_place;
    clear_found();
    const auto fill_sent = by_size(job.request.type, fill<8, Fill::sent>, fill<16, Fill::sent>,
                                   fill<32, Fill::sent>, fill<64, Fill::sent>);
    const std::uint64_t sends = nccl::sent_by(job.request, job.rank, job.ranks);
    for (std::size_t buffer = buffers_.size(); buffer-- > 0;) {
      place(buffer);
      spoil_received();
      // In place it is part of what is received, or holds it.
      if (buffer == 0) launch(sends, WorkKind::write, stream_.get(), fill_sent, sent_, job);
      guarded(false, stream_.get());
    }
  }

  void spoil_received() override {
    launch(received_.elements, WorkKind::write, stream_.get(),
           by_size(job_.request.type, fill<8, Fill::anything_else>, fill<16, Fill::anything_else>,
                   fill<32, Fill::anything_else>, fill<64, Fill::anything_else>),
           received_, job_);
  }

  const void* send() const override { return address(sent_); }
  void* receive() const override { return address(received_); }

  bool done() override { return is_over(cudaStreamQuery(stream_.get())); }

  bool passed(std::size_t mark) override { return is_over(cudaEventQuery(marks_.at(mark)->get())); }

  void hold(double seconds) override {
    if (gpu_.emulated()) return;
    cuda::launch({1, 1, 0, stream_.get()}, {}, hold_for, static_cast<std::uint64_t>(seconds * 1e9));
  }

  void look() override { look_in<Leave::as_it_is>(stream_.get()); }
  void look_and_spoil() override { look_in<Leave::anything_else>(stream_.get()); }

  Mismatches found() override {
    join();
    cuda::check(cudaStreamSynchronize(stream_.get()), "look through");
    const MismatchList found = list_.download();
    clear_found();
    Mismatches mismatches;
    mismatches.count = found.count;
    mismatches.outside = found.outside;
    const std::size_t listed = std::min<std::size_t>(found.listed, Mismatches::kMost);
    mismatches.first.assign(found.of, found.of + listed);
    std::sort(mismatches.first.begin(), mismatches.first.end(),
              [](const Mismatch& a, const Mismatch& b) { return a.element < b.element; });
    return mismatches;
  }

  std::uint64_t digest() override {
    sum_.clear();
    stream_.follow();
    launch(received_.elements, WorkKind::read, stream_.get(),
           by_size(job_.request.type, add_up<8>, add_up<16>, add_up<32>, add_up<64>), received_, sum_.get());
    cuda::check(cudaStreamSynchronize(stream_.get()), "add up");
    return sum_.download();
  }

  void receive_into(std::size_t buffer) override {
    place(buffer);
    cuda::check(cudaStreamWaitEvent(stream_.get(), buffers_[buffer].looked->get(), 0), "wait for event");
  }
  void received() override {
    cuda::check(cudaEventRecord(buffers_[current_].received->get(), stream_.get()), "record event");
  }
  void look_beside(std::size_t buffer) override {
    const std::size_t going_on_with = current_;
    place(buffer);
    cuda::check(cudaStreamWaitEvent(beside_.get(), buffers_[buffer].received->get(), 0), "wait for event");
    look_in<Leave::anything_else>(beside_.get());
    cuda::check(cudaEventRecord(buffers_[buffer].looked->get(), beside_.get()), "record event");
    place(going_on_with);
  }
  void join() override {
    for (const Buffer& buffer : buffers_)
      cuda::check(cudaStreamWaitEvent(stream_.get(), buffer.looked->get(), 0), "wait for event");
  }

  void as_graph(const std::function<void()>& record) override {
    drop_graph();
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    cuda::check(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal), "begin capture");
    record();
    cuda::check(cudaStreamEndCapture(stream_.get(), &graph), "end capture");
    cuda::check(cudaGraphInstantiate(&executable, graph, 0), "instantiate graph");
    cuda::check(cudaGraphLaunch(executable, stream_.get()), "launch graph");
    graph_ = {graph, executable};
  }

  void in_time_of(double times, const std::function<void()>& act) override { cuda::in_time_of(times, act); }

  void mark(std::size_t number) override {
    while (marks_.size() <= number) marks_.push_back(std::make_unique<cuda::Event>());
    cuda::check(cudaEventRecord(marks_[number]->get(), stream_.get()), "record event");
  }
  double seconds_between(std::size_t first, std::size_t second) override {
    return cuda::seconds_between(marks_.at(first)->get(), marks_.at(second)->get());
  }

  ~DataOfGpu() override { drop_graph(); }

 private:
  /// To receive into.
  struct Buffer {
    std::unique_ptr<DeviceBuffer> memory;
    // Recorded before anybody waits for them, or never: then there is nothing to wait for.
    std::unique_ptr<cuda::Event> received = std::make_unique<cuda::Event>(),
                                 looked = std::make_unique<cuda::Event>();
  };

  static bool is_over(cudaError_t state) {
    if (state == cudaErrorNotReady) return false;
    cuda::check(state, "collective");
    return true;
  }

  /// A kernel that is loaded when it is first launched may wait for what runs: a look through what hangs.
  template <unsigned kBits>
  static void load_kernels_of() {
    cuda::load(fill<kBits, Fill::sent>);
    cuda::load(fill<kBits, Fill::anything_else>);
    cuda::load(compare<kBits, Leave::as_it_is>);
    cuda::load(compare<kBits, Leave::anything_else>);
    cuda::load(add_up<kBits>);
  }

  void drop_graph() {
    if (graph_.executable != nullptr) cudaGraphExecDestroy(graph_.executable);
    if (graph_.graph != nullptr) cudaGraphDestroy(graph_.graph);
    graph_ = {};
  }
  Word128* begin_of(const std::unique_ptr<DeviceBuffer>& buffer) const {
    return cuda::pointer<Word128>(buffer) + kGuardWords;
  }
  void* address(const Span& span) const {
    return reinterpret_cast<char*>(span.words) + span.first * (bits_in(job_.request.type) / 8);
  }

  /// Where what is sent and received lies, with this buffer.
  void place(std::size_t buffer) {
    current_ = buffer;
    const nccl::Request& request = job_.request;
    const std::uint64_t sends = nccl::sent_by(request, job_.rank, job_.ranks),
                        receives = nccl::received_by(request, job_.rank, job_.ranks);
    sent_ = {begin_of(own_), 0, sends};
    received_ = {begin_of(buffers_[buffer].memory), 0, receives};
    if (!in_place_ || !nccl::can_be_in_place(request.collective) || sends == 0 || receives == 0) return;
    const std::uint64_t inside = nccl::place_in_the_larger(request, job_.rank);
    received_.words = sent_.words;
    (sends > receives ? received_ : sent_).first = inside;
  }

  /// Behind what is still in the stream: of a collective that was given up, looks may be.
  void clear_found() {
    cuda::check(cudaMemsetAsync(list_.get(), 0, sizeof(MismatchList), stream_.get()), "clear");
  }
  template <Leave kLeave>
  void look_in(cudaStream_t stream) {
    launch(received_.elements, kLeave == Leave::as_it_is ? WorkKind::read : WorkKind::sweep, stream,
           by_size(job_.request.type, compare<8, kLeave>, compare<16, kLeave>, compare<32, kLeave>,
                   compare<64, kLeave>),
           received_, job_, list_.get());
    guarded(true, stream);
  }

  /// Round what is received, and what is sent where it holds that.
  void guarded(bool check, cudaStream_t stream) {
    const Span& larger =
        received_.words == sent_.words && sent_.elements > received_.elements ? sent_ : received_;
    const std::uint64_t bytes = (larger.first + larger.elements) * (bits_in(job_.request.type) / 8);
    Word128* const behind = larger.words + bytes / sizeof(Word128);
    cuda::in_own_time([&] {
      cuda::launch({1, kThreads, 0, stream},
                   Work(check ? WorkKind::read : WorkKind::write, static_cast<double>(2 * kGuardBytes)),
                   guard, larger.words - kGuardWords, behind, static_cast<unsigned>(bytes % sizeof(Word128)),
                   job_.seed, check, list_.get());
    });
  }

  template <typename Kernel, typename... Arguments>
  void launch(std::uint64_t elements, WorkKind kind, cudaStream_t stream, Kernel kernel,
              const Arguments&... arguments) {
    if (elements == 0) return;
    const std::uint64_t bytes = elements * (bits_in(job_.request.type) / 8);
    const std::uint64_t blocks = bytes / sizeof(Word128) / kThreads + 1;
    const auto most = static_cast<std::uint64_t>(gpu_.multiprocessors()) * kMostBlocksPerSm;
    const double moved = static_cast<double>(bytes) * (kind == WorkKind::sweep ? 2 : 1);  // read and written
    cuda::launch({static_cast<unsigned>(std::min(blocks, most)), kThreads, 0, stream}, Work(kind, moved),
                 kernel, arguments...);
  }

  Gpu& gpu_;
  std::unique_ptr<DeviceBuffer> own_;
  std::vector<Buffer> buffers_;
  std::size_t current_ = 0;
  std::uint64_t bytes_ = 0;  // of each
  cuda::Stream stream_, beside_;
  std::vector<std::unique_ptr<cuda::Event>> marks_;
  cuda::Resident<MismatchList> list_;
  cuda::Resident<unsigned long long> sum_;
  Job job_;
  bool in_place_ = false;
  Span sent_{}, received_{};
  struct Graph {
    cudaGraph_t graph;
    cudaGraphExec_t executable;
  };
  Graph graph_{};  // of the last job that was one
};

}  // namespace

std::unique_ptr<RankData> make_rank_data(Gpu& gpu, std::uint64_t bytes, std::size_t received_buffers) {
  gpu.make_current();
  return std::make_unique<DataOfGpu>(gpu, bytes, received_buffers);
}

}  // namespace assay::collective::ASSAY_TARGET
