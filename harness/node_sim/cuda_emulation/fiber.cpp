#include "harness/node_sim/cuda_emulation/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>

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

}  // namespace

struct Fiber::Context {
  char* mapping = nullptr;  // a page that nothing may touch, and the stack above it
  std::size_t page = 0;
  fcontext_t self = nullptr, resumer = nullptr;
  void (*body)(void*) = nullptr;
  void* argument = nullptr;
  sanitizers::FiberState state;

  void* stack() const { return mapping + page; }
  static void enter(transfer_t from);
};

Fiber::Fiber() : context_(new Context) {
  context_->page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const mapping = mmap(nullptr, context_->page + kStackBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED || mprotect(mapping, context_->page, PROT_NONE) != 0) throw std::bad_alloc();
  context_->mapping = static_cast<char*>(mapping);
  context_->state.create();
}

Fiber::~Fiber() {
  context_->state.destroy();
  munmap(context_->mapping, context_->page + kStackBytes);
  delete context_;
}

void Fiber::start(void (*body)(void*), void* argument) {
  context_->body = body;
  context_->argument = argument;
  context_->state.forget_stack(context_->stack(), kStackBytes);
  context_->self =
      make_fcontext(context_->mapping + context_->page + kStackBytes, kStackBytes, Context::enter);
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
  context_->state.resuming(context_->stack(), kStackBytes);
  context_->self = jump_fcontext(context_->self, context_).fctx;
  context_->state.resumed();
}

void Fiber::pause() {
  context_->state.pausing();
  context_->resumer = jump_fcontext(context_->resumer, context_).fctx;
  context_->state.entered();
}

}  // namespace assay::cuda_emulation
