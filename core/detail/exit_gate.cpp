#include "tenbin/core/detail/exit_gate.h"

#include <thread>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace tenbin::detail {

namespace {

// The number of this thread's Passages. Above 0 in `close` if a signal handler calls exit.
thread_local int inside_here = 0;

bool process_has_one_thread() {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

std::size_t thread_number() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t number = next++;
  return number;
}

}  // namespace

ExitGate::Passage::Passage(ExitGate& gate) {
  if (!process_has_one_thread()) {
    counter_ = &gate.counters_[thread_number() % counter_count];
    ++counter_->inside;
    ++inside_here;
  }
  open_ = !gate.closed_;
  if (!open_ && counter_ != nullptr) {
    leave();
    counter_ = nullptr;
  }
}

void ExitGate::Passage::leave() {
  --counter_->inside;
  --inside_here;
}

void ExitGate::close() {
  closed_ = true;
  const auto inside = [this] {
    int sum = 0;
    for (const Counter& counter : counters_) sum += counter.inside;
    return sum;
  };
  while (inside() > inside_here) std::this_thread::yield();
}

void ExitGate::forget_other_threads() {
  for (Counter& counter : counters_) counter.inside = 0;
}

}  // namespace tenbin::detail
