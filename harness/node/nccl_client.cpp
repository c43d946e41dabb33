#include "harness/node/nccl_client.h"

#include <stdexcept>
#include <utility>

#include "harness/base/sha256.h"

namespace assay {

using nccl::Collective;
using nccl::Comm;
using nccl::Request;
using nccl::Result;

struct Nccl::Functions : LibraryFunctions {
  using LibraryFunctions::LibraryFunctions;

// NOLINTBEGIN(bugprone-macro-parentheses): a member's name can stand in none.
#define ASSAY_NCCL(member, symbol) decltype(&nccl::symbol) member = find<decltype(&nccl::symbol)>(#symbol)
  // NOLINTEND(bugprone-macro-parentheses)
  ASSAY_NCCL(version, ncclGetVersion);
  ASSAY_NCCL(unique_id, ncclGetUniqueId);
  ASSAY_NCCL(error_string, ncclGetErrorString);
  ASSAY_NCCL(last_error, ncclGetLastError);
  ASSAY_NCCL(init, ncclCommInitRankConfig);
  ASSAY_NCCL(async_error, ncclCommGetAsyncError);
  ASSAY_NCCL(finalize, ncclCommFinalize);
  ASSAY_NCCL(destroy, ncclCommDestroy);
  ASSAY_NCCL(abort, ncclCommAbort);
  ASSAY_NCCL(group_start, ncclGroupStart);
  ASSAY_NCCL(group_end, ncclGroupEnd);
  ASSAY_NCCL(all_reduce, ncclAllReduce);
  ASSAY_NCCL(reduce, ncclReduce);
  ASSAY_NCCL(reduce_scatter, ncclReduceScatter);
  ASSAY_NCCL(all_gather, ncclAllGather);
  ASSAY_NCCL(broadcast, ncclBroadcast);
  ASSAY_NCCL(all_to_all, ncclAlltoAll);
  ASSAY_NCCL(gather, ncclGather);
  ASSAY_NCCL(scatter, ncclScatter);
  ASSAY_NCCL(send, ncclSend);
  ASSAY_NCCL(receive, ncclRecv);
#undef ASSAY_NCCL

  [[noreturn]] void fail(Result result, const std::string& what) const {
    std::string why = "NCCL: " + what + ": " + error_string(result);
    if (const char* const last = last_error(nullptr); last != nullptr && *last != '\0')
      why += std::string(": ") + last;
    throw NcclError(result, why);
  }
  /// Under way counts as well. Throws NcclError.
  void require(Result result, const std::string& what) const {
    if (result != Result::success && result != Result::in_progress) fail(result, what);
  }
};

namespace {

class NcclCommunicator final : public Communicator {
 public:
  NcclCommunicator(const Nccl::Functions& api, const nccl::UniqueId& id, int rank, int ranks)
      : api_(api), rank_(rank), ranks_(ranks) {
    nccl::Config config;
    config.blocking = 0;
    api_.require(api_.init(&comm_, ranks, id, rank, &config), "initialisation");
  }
  ~NcclCommunicator() override {
    if (comm_ == nullptr || aborted_) return;
    // Destroying one that is not ready leaves the thread inside a group (init.cc: ncclCommDestroy).
    Result state = Result::in_progress;
    const bool ended =
        finalizing_ && api_.async_error(comm_, &state) == Result::success && state == Result::success;
    if (ended) {
      api_.destroy(comm_);
    } else {
      api_.abort(comm_);
    }
  }

  int rank() const override { return rank_; }
  int ranks() const override { return ranks_; }

  bool ready() override {
    Result state = Result::success;
    api_.require(api_.async_error(comm_, &state), "asking for its state");
    if (state == Result::in_progress) return false;
    api_.require(state, doing_);
    return true;
  }

  void begin(const Request& request, const void* send, void* receive, void* stream) override {
    doing_ = std::string(nccl::name_of(request.collective));
    api_.require(call(request, send, receive, stream), doing_);
  }

  void begin_to_finalize() override {
    doing_ = "finalisation";
    finalizing_ = true;
    api_.require(api_.finalize(comm_), doing_);
  }

  void abort() override {
    if (std::exchange(aborted_, true)) return;
    api_.abort(comm_);
  }

 private:
  Result call(const Request& r, const void* send, void* receive, void* stream) {
    switch (r.collective) {
      case Collective::all_reduce:
        return api_.all_reduce(send, receive, r.count, r.type, r.op, comm_, stream);
      case Collective::reduce:
        return api_.reduce(send, receive, r.count, r.type, r.op, r.root, comm_, stream);
      case Collective::reduce_scatter:
        return api_.reduce_scatter(send, receive, r.count, r.type, r.op, comm_, stream);
      case Collective::all_gather:
        return api_.all_gather(send, receive, r.count, r.type, comm_, stream);
      case Collective::broadcast:
        return api_.broadcast(send, receive, r.count, r.type, r.root, comm_, stream);
      case Collective::all_to_all:
        return api_.all_to_all(send, receive, r.count, r.type, comm_, stream);
      case Collective::gather:
        return api_.gather(send, receive, r.count, r.type, r.root, comm_, stream);
      case Collective::scatter:
        return api_.scatter(send, receive, r.count, r.type, r.root, comm_, stream);
      case Collective::send_receive:
        break;
    }
    return exchange(r, send, receive, stream);
  }

  Result exchange(const Request& r, const void* send, void* receive, void* stream) {
    api_.require(api_.group_start(), doing_);
    const Result sent = api_.send(send, r.count, r.type, nccl::receiver_of(r, rank_, ranks_), comm_, stream);
    const Result received =
        api_.receive(receive, r.count, r.type, nccl::sender_to(r, rank_, ranks_), comm_, stream);
    const Result ended = api_.group_end();
    api_.require(sent, "send");
    api_.require(received, "receive");
    return ended;
  }

  const Nccl::Functions& api_;
  int rank_, ranks_;
  Comm comm_ = nullptr;
  bool finalizing_ = false, aborted_ = false;
  std::string doing_ = "initialisation";
};

}  // namespace

std::unique_ptr<Nccl> Nccl::open(std::unique_ptr<Library> library, std::string& why_not) {
  auto functions = std::make_unique<Functions>(*library);
  if (!functions->missing.empty()) {
    why_not = library->file() + " is not an NCCL that we know: it lacks " + functions->missing;
    return nullptr;
  }
  auto nccl = std::unique_ptr<Nccl>(new Nccl(std::move(library), std::move(functions)));
  int version = 0;
  if (nccl->functions_->version(&version) != Result::success || version < kOldestNccl) {
    why_not = nccl->file() + " is NCCL " + nccl->version() + ", older than 2.28";
    return nullptr;
  }
  return nccl;
}

Nccl::Nccl(std::unique_ptr<Library> library, std::unique_ptr<Functions> functions)
    : library_(std::move(library)), functions_(std::move(functions)) {
  library_->keep_loaded();  // its threads go on
}

Nccl::~Nccl() = default;

std::string Nccl::version() const {
  int number = 0;
  functions_->version(&number);
  return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
         std::to_string(number % 100);
}

const std::string& Nccl::file() const {
  return library_->file();
}

std::string Nccl::sha256() const {
  return sha256_of_file(file()).value_or("");
}

nccl::UniqueId Nccl::make_id() const {
  nccl::UniqueId id;
  const Result result = functions_->unique_id(&id);
  if (result != Result::success) functions_->fail(result, "unique id");
  return id;
}

std::unique_ptr<Communicator> Nccl::begin(const nccl::UniqueId& id, int rank, int ranks) const {
  return std::make_unique<NcclCommunicator>(*functions_, id, rank, ranks);
}

}  // namespace assay
