// A separate stack for a CUDA thread that waits, so that others can run meanwhile.
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

  /// Runs the fiber until it pauses. Not from within a fiber.
  void resume();

  /// Called within a fiber: switches back to its resumer.
  static void pause();

  /// The current fiber.
  static Fiber& current();

  /// Drops the fiber's execution: no destructor runs, which device code does not need. It starts from the
  /// beginning when resumed.
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
