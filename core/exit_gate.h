// Keeps threads out of a library that is torn down at exit.
#pragma once

#include <atomic>
#include <cstddef>

namespace tenbin::detail {

// At exit, oneDNN destroys the code that it has generated and OpenBLAS its buffers, whoever still computes
// with them: detached threads do, and destructors of static objects may begin to. Open until `close` is
// called.
class ExitGate {
  struct Counter;

 public:
  // Converts to true if the gate was open; then `close` waits until the object is gone.
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

    Counter* counter_ = nullptr;  // none while there is one thread only
    bool open_;
  };

  // Returns when no other thread is inside.
  void close();
  // In a child of fork, which has none of the threads that were inside.
  void forget_other_threads();

 private:
  // Several, so that threads seldom share one.
  static constexpr std::size_t counter_count = 64;
  struct alignas(64) Counter {
    std::atomic<int> inside{0};
  };

  Counter counters_[counter_count];
  std::atomic<bool> closed_{false};
};

}  // namespace tenbin::detail
