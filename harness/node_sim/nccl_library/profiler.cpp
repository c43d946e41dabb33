#include "harness/node_sim/nccl_library/profiler.h"

#include <dlfcn.h>

#include "harness/node_sim/nccl_library/perform.h"

namespace assay::nccl {
namespace {

constexpr std::uint8_t kWarps = 16;

void log_nothing(int, unsigned long, const char*, int, const char*, ...) {}

}  // namespace

void Profiler::begin(std::uint64_t comm, int nodes, int ranks, int rank) {
  void* const program = dlopen(nullptr, RTLD_NOW);
  if (program == nullptr) return;
  plugin_ = static_cast<const profiler::Plugin*>(dlsym(program, "ncclProfiler_v5"));
  dlclose(program);
  if (plugin_ == nullptr) return;
  if (plugin_->init(&context_, comm, &mask_, nullptr, nodes, ranks, rank, log_nothing) != Result::success)
    plugin_ = nullptr;
}

Profiler::~Profiler() {
  if (plugin_ != nullptr && context_ != nullptr) plugin_->finalize(context_);
}

void Profiler::tell(const Post& post, int rank) {
  if (plugin_ == nullptr || (mask_ & static_cast<int>(profiler::kCollective)) == 0) return;
  // What is only carried is bytes to NCCL (enqueue.cc: collTaskAppend).
  const bool bytes = post.function == Function::all_gather || post.function == Function::broadcast;
  profiler::Descriptor descriptor{};
  descriptor.type = profiler::kCollective;
  descriptor.rank = rank;
  descriptor.collective = {.sequence = post.number,
                           .function = name_of(post.function),
                           .send = post.send,
                           .receive = post.receive,
                           .count = bytes ? post.count * bytes_of(post.type) : post.count,
                           .root = post.root,
                           .type = name_of(bytes ? DataType::i8 : post.type),
                           .channels = static_cast<std::uint8_t>(post.choice.channels),
                           .warps = kWarps,
                           .algorithm = name_of(post.choice.algorithm),
                           .protocol = name_of(post.choice.protocol),
                           .parent_group = nullptr};
  void* event = nullptr;
  plugin_->start(context_, &event, &descriptor);
  if (event != nullptr) plugin_->stop(event);
}

}  // namespace assay::nccl
