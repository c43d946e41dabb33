#include "harness/node_sim/cuda_emulation/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <utility>

#include <boost/context/detail/fcontext.hpp>

#include "harness/node_sim/cuda_emulation/sanitizers.h"

namespace assay::cuda_emulation {
namespace {

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

/// Kernels keep what they can in registers; the sanitizers' frames are several times as large.
constexpr std::size_t kStackBytes = 64 << 10;
/// To the system a mapping of many costs what one stack costs, apart from the guards.
constexpr int kStacksPerMapping = 32;

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace

struct Fiber::Context {
  std::shared_ptr<char> stack;  // with its mapping
  fcontext_t self = nullptr, resumer = nullptr;
  void (*body)(void*) = nullptr;
  void* argument = nullptr;
  sanitizers::FiberState state;

  static void enter(transfer_t from);
};

Fiber::Fiber(std::shared_ptr<char> stack) : context_(new Context) {
  context_->stack = std::move(stack);
  context_->state.create();
}

Fiber::~Fiber() {
  // What is mapped in its place next is not to be taken for its frames.
  context_->state.forget_stack(context_->stack.get(), kStackBytes);
  context_->state.destroy();
  delete context_;
}

std::vector<std::unique_ptr<Fiber>> Fiber::make_some() {
  const std::size_t pitch = page_bytes() + kStackBytes, bytes = kStacksPerMapping * pitch;
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  const std::shared_ptr<char> mapping(static_cast<char*>(memory), [bytes](char* m) { munmap(m, bytes); });
  std::vector<std::unique_ptr<Fiber>> fibers;
  fibers.reserve(kStacksPerMapping);
  for (int i = 0; i < kStacksPerMapping; ++i) {
    char* const guard = mapping.get() + i * pitch;  // below the stack: nothing may touch it
    if (mprotect(guard, page_bytes(), PROT_NONE) != 0) throw std::bad_alloc();
    fibers.push_back(std::unique_ptr<Fiber>(new Fiber({mapping, guard + page_bytes()})));
  }
  return fibers;
}

void Fiber::start(void (*body)(void*), void* argument) {
  context_->body = body;
  context_->argument = argument;
  context_->state.forget_stack(context_->stack.get(), kStackBytes);
  context_->self = make_fcontext(context_->stack.get() + kStackBytes, kStackBytes, Context::enter);
}

void Fiber::Context::enter(transfer_t from) {
  auto* const context = static_cast<Context*>(from.data);
  context->resumer = from.fctx;
  context->state.entered();
  context->body(context->argument);
  context->state.leaving_for_good();
  jump_fcontext(context->resumer, context);
  std::abort();  // an ended fiber was resumed
}

void Fiber::resume() {
  context_->state.resuming(context_->stack.get(), kStackBytes);
  context_->self = jump_fcontext(context_->self, context_).fctx;
  context_->state.resumed();
}

void Fiber::pause() {
  context_->state.pausing();
  context_->resumer = jump_fcontext(context_->resumer, context_).fctx;
  context_->state.entered();
}

}  // namespace assay::cuda_emulation
