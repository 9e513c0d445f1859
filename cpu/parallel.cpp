#include "tenbin/cpu/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
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

// Returns when `ready()` or after a while: the next work often comes soon, and waking a thread that sleeps
// takes as long as 10 to 50 us of work.
template <class Ready>
void spin_until(Ready ready) {
  using Clock = std::chrono::steady_clock;
  const auto give_up = Clock::now() + std::chrono::microseconds(50);
  while (!ready() && Clock::now() < give_up) std::this_thread::yield();
}

// One call of parallel_for. Each thread has a share of the indices: in the next call it gets the same rows of
// a matrix, which are in its processor's cache. A thread that has done its share helps the others. Tasks run
// in the caller's modes.
class Job {
 public:
  Job(std::size_t count, std::size_t threads, void (*call)(void*, std::size_t), void* task)
      : count_(count), shares_(std::min(threads, most_shares)), call_(call), task_(task) {
    for (std::size_t share = 0; share < shares_; ++share) next_[share] = begin_of(share);
  }

  // `thread` is 0 for the caller, and 1, 2, ... for the workers.
  void work(std::size_t thread) {
    const InsideATask inside;
    for (std::size_t i = 0; i < shares_; ++i) work_on_share((thread + i) % shares_);
  }

  void work_as_the_caller(std::size_t thread) {
    detail::mutable_config() = config_;
    work(thread);
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  static constexpr std::size_t most_shares = 64;

  std::size_t begin_of(std::size_t share) const { return count_ * share / shares_; }

  void work_on_share(std::size_t share) {
    const std::size_t end = begin_of(share + 1);
    for (std::size_t i = next_[share]++; i < end; i = next_[share]++) {
      try {
        call_(task_, i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        for (std::size_t other = 0; other < shares_; ++other)
          next_[other] = count_;  // tasks that have not begun are skipped, as with one thread
      }
    }
  }

  const std::size_t count_;
  const std::size_t shares_;
  void (*const call_)(void*, std::size_t);
  void* const task_;
  const Config config_ = config();
  std::atomic<std::size_t> next_[most_shares];
  std::mutex mutex_;
  std::exception_ptr failure_;
};

// Threads that wait between jobs. It runs one job at a time; a second caller, or a task that calls
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
    lock.unlock();
    wake_.notify_all();
    job.work(0);
    lock.lock();
    job_ = nullptr;  // a worker that has not begun is not waited for
    lock.unlock();
    spin_until([this] { return working_ == 0; });
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
        std::thread([this, number = threads_ + 1, seen = generation_.load()] {
          serve(number, seen);
        }).detach();
    } catch (const std::system_error&) {
      retry_at_ = 2 * generation_ + 1;
    } catch (const std::bad_alloc&) {
      retry_at_ = 2 * generation_ + 1;
    }
  }

  // The worker `number` of 1, 2, ...
  void serve(std::size_t number, std::size_t seen) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return (job_ != nullptr && generation_ != seen) || number > wanted_; });
      if (number > wanted_) break;
      seen = generation_;
      Job* const job = job_;
      ++working_;
      lock.unlock();
      job->work_as_the_caller(number);
      lock.lock();
      if (--working_ == 0) done_.notify_one();
      lock.unlock();
      spin_until([&] { return generation_ != seen; });
      lock.lock();
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
  Job* job_ = nullptr;        // null when all of its tasks are taken
  // Written under the lock; read without it by `spin_until`.
  std::atomic<std::size_t> generation_{0};
  std::atomic<std::size_t> working_{0};  // workers inside the job
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
  Job job(count, threads, call, task);
  if (threads == 1 || pool == nullptr || !pool->run(job, threads - 1)) job.work(0);
  job.rethrow();
}

}  // namespace tenbin
