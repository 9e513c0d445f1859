// ExitGate, which stops threads from calling a library that is destroyed at exit.
#pragma once

#include <atomic>
#include <cstddef>

namespace tenbin::detail {

// At exit, oneDNN destroys its generated code and OpenBLAS its buffers, even if detached threads are using
// them or destructors of static objects use them later. A gate is open until `close` is called.
class ExitGate {
  struct Counter;

 public:
  // Converts to true if the gate was open; `close` then waits until the object is destroyed.
  class Passage {
   public:
    explicit Passage(ExitGate& gate);
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;
    ~Passage() {
      if (counter_ != nullptr) leave();
    }
    explicit operator bool() const { return open_; }

   private:
    void leave();

    Counter* counter_ = nullptr;  // null while the process has one thread
    bool open_;
  };

  // Returns when no other thread is inside.
  void close();
  // For a child of fork, in which the threads that were inside do not exist.
  void forget_other_threads();

 private:
  // Several, so that threads rarely share a cache line.
  static constexpr std::size_t counter_count = 64;
  struct alignas(64) Counter {
    std::atomic<int> inside{0};
  };

  Counter counters_[counter_count];
  std::atomic<bool> closed_{false};
};

}  // namespace tenbin::detail
