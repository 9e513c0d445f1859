// The ownership of reference counts: how it begins, and how a second thread ends it.
#include "tenbin/core/reference.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace tenbin::detail {

namespace {

bool membarrier_is_available() {
  const long commands = ::syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  return commands >= 0 && (commands & MEMBARRIER_CMD_GLOBAL) != 0;
}

}  // namespace

CountOwnership CountOwnership::ownership;

// True if the calling thread is the owner now. Otherwise counts are shared when this returns.
bool CountOwnership::claim_or_share() {
  Thread owner = nobody;
  const Thread first = membarrier_is_available() ? this_thread() : everybody;
  if (owner_.compare_exchange_strong(owner, first)) return first != everybody;
  while (owner != everybody) {
    if (owner == being_taken) {
      std::this_thread::yield();
      owner = owner_;
    } else if (owner_.compare_exchange_strong(owner, being_taken)) {
      // After it, the owner either sees that it is not the owner any more or is seen to be inside a change.
      // It takes 10 ms, once in a process; the expedited kind would take as long to register while BLAS's
      // threads exist. If a sandbox has forbidden it meanwhile, a store is visible sooner.
      if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      while (changing_.load(std::memory_order_acquire)) std::this_thread::yield();
      owner = everybody;
      owner_ = everybody;
    }
  }
  return false;
}

// The child has one thread.
void CountOwnership::start_again_in_a_child() {
  ownership.changing_ = false;
  ownership.owner_ = nobody;
}

const bool CountOwnership::survives_fork = ::pthread_atfork(nullptr, nullptr, start_again_in_a_child) == 0;

}  // namespace tenbin::detail
