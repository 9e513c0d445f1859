// A stack of its own for a CUDA thread that waits, so that others can run meanwhile.
#pragma once

#include <cstddef>

namespace cuda_emulator {

class Fiber {
 public:
  /// Its `body` starts at the first resume and never returns.
  explicit Fiber(void (*body)());
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();

  /// Runs it until it pauses. Not from within a fiber.
  void resume();

  /// From within a fiber: back to whoever resumed it.
  static void pause();

  /// The one that runs.
  static Fiber& current();

  /// Forgets what it was doing: no destructor runs, which device code has no need of. It starts anew when
  /// resumed.
  void restart();

 private:
  struct Stack {
    const void* bottom = nullptr;
    std::size_t bytes = 0;
  };
  struct Entry;

  void (*body_)();
  Stack stack_, resumer_stack_;
  void* context_ = nullptr;          // where this fiber paused
  void* resumer_context_ = nullptr;  // where its resumer waits
  void* fake_stack_ = nullptr;       // AddressSanitizer's
};

}  // namespace cuda_emulator
