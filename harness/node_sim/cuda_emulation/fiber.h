// A device thread's own stack. Fibers take turns on the host thread that resumes them, so a grid of thousands
// of device threads needs no threads of the host, and whose turn it is is ours to draw.
#pragma once

#include <memory>
#include <vector>

namespace assay::cuda_emulation {

class Fiber {
 public:
  /// A mapping's worth of them. Throws std::bad_alloc.
  static std::vector<std::unique_ptr<Fiber>> make_some();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next resume() begins body(argument). What ran on the stack before is dropped where it stood, without
  /// destructors. `body` must not throw.
  void start(void (*body)(void*), void* argument);
  /// Runs it until it pauses or its body has returned. Not from within a fiber.
  void resume();
  /// Called by the body: goes back to whoever resumed it.
  void pause();

 private:
  explicit Fiber(std::shared_ptr<char> stack);

  struct Context;
  Context* context_;
};

}  // namespace assay::cuda_emulation
