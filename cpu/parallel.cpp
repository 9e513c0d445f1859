#include "tenbin/cpu/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "tenbin/core/config.h"
#include "tenbin/core/error.h"
#include "tenbin/cpu/detail/processors.h"

namespace tenbin {

namespace {

thread_local bool inside_a_task = false;

class InsideATask {
 public:
  InsideATask() : outer_(std::exchange(inside_a_task, true)) {}
  InsideATask(const InsideATask&) = delete;
  InsideATask& operator=(const InsideATask&) = delete;
  ~InsideATask() { inside_a_task = outer_; }

 private:
  const bool outer_;
};

// One call of parallel_for: each thread takes the next index until all are taken. Tasks run in the caller's
// modes.
class Job {
 public:
  Job(std::size_t count, void (*call)(void*, std::size_t), void* task)
      : count_(count), call_(call), task_(task) {}

  void work() {
    const InsideATask inside;
    for (std::size_t i = next_++; i < count_; i = next_++) {
      try {
        call_(task_, i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        next_ = count_;  // tasks that have not begun are skipped, as with one thread
      }
    }
  }

  void work_as_the_caller() {
    detail::mutable_config() = config_;
    work();
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const std::size_t count_;
  void (*const call_)(void*, std::size_t);
  void* const task_;
  const Config config_ = config();
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

// Threads that sleep between jobs. It runs one job at a time; a second caller, or a task that calls
// parallel_for, works alone. Never destroyed, and exit does not wait for workers: destructors of static
// objects and detached threads may use it.
class Pool {
 public:
  // False if the pool is busy.
  bool run(Job& job, std::size_t workers) {
    if (busy_.exchange(true, std::memory_order_acquire)) return false;
    std::unique_lock<std::mutex> lock(mutex_);
    if (workers != wanted_ || (threads_ < wanted_ && generation_ >= retry_at_)) resize(workers, lock);
    job_ = &job;
    ++generation_;
    working_ = threads_;
    lock.unlock();
    wake_.notify_all();
    job.work();
    lock.lock();
    done_.wait(lock, [this] { return working_ == 0; });
    lock.unlock();
    busy_.store(false, std::memory_order_release);
    return true;
  }

 private:
  // If the system cannot create more threads, fewer do the same work, with the same bits. The next attempt is
  // made when the number of jobs has doubled.
  void resize(std::size_t workers, std::unique_lock<std::mutex>& lock) {
    wanted_ = workers;
    wake_.notify_all();
    done_.wait(lock, [this] { return threads_ <= wanted_; });
    try {
      for (; threads_ < wanted_; ++threads_)
        std::thread([this, seen = generation_] { serve(seen); }).detach();
    } catch (const std::system_error&) {
      retry_at_ = 2 * generation_ + 1;
    } catch (const std::bad_alloc&) {
      retry_at_ = 2 * generation_ + 1;
    }
  }

  void serve(std::size_t seen) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return generation_ != seen || threads_ > wanted_; });
      if (generation_ == seen) break;
      seen = generation_;
      Job* const job = job_;
      lock.unlock();
      job->work_as_the_caller();
      lock.lock();
      if (--working_ == 0) done_.notify_one();
    }
    --threads_;
    done_.notify_one();
  }

  std::atomic<bool> busy_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::size_t wanted_ = 0;
  std::size_t threads_ = 0;
  std::size_t retry_at_ = 0;  // generation
  Job* job_ = nullptr;
  std::size_t generation_ = 0;
  std::size_t working_ = 0;
};

alignas(Pool) unsigned char pool_storage[sizeof(Pool)];

// Null before this file's static objects are initialised: earlier callers work alone. A child of fork has no
// workers, and a lock may be held there: it starts with a new pool.
Pool* make_pool() { return ::new (static_cast<void*>(pool_storage)) Pool; }

Pool* pool = make_pool();
[[maybe_unused]] const bool survives_fork = ::pthread_atfork(nullptr, nullptr, [] { make_pool(); }) == 0;

constexpr std::size_t most_threads = 1024;

std::size_t default_num_threads() {
  if (const char* text = std::getenv("TENBIN_NUM_THREADS")) {
    const auto count = std::strtol(text, nullptr, 10);
    if (count >= 1) return std::min(static_cast<std::size_t>(count), most_threads);
  }
  return std::min(detail::available_processors(), most_threads);
}

// 0 until it is needed.
std::atomic<std::size_t> thread_count{0};

}  // namespace

void set_num_threads(std::size_t count) {
  if (count == 0 || count > most_threads)
    throw Error("set_num_threads: expected 1 to ", most_threads, " threads, got ", count);
  thread_count = count;
}

std::size_t num_threads() {
  std::size_t not_set = 0;
  if (thread_count == 0) thread_count.compare_exchange_strong(not_set, default_num_threads());
  return thread_count;
}

void detail::parallel_for(std::size_t count, void (*call)(void* task, std::size_t i), void* task) {
  const std::size_t threads = count > 1 && !inside_a_task ? num_threads() : 1;
  Job job(count, call, task);
  if (threads == 1 || pool == nullptr || !pool->run(job, threads - 1)) job.work();
  job.rethrow();
}

}  // namespace tenbin
