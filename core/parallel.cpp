#include "tenbin/core/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tenbin/core/error.h"

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

// One call of parallel_for: threads take indices until none is left.
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
        next_ = count_;  // what has not begun is left, as it is by one thread
      }
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const std::size_t count_;
  void (*const call_)(void*, std::size_t);
  void* const task_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

// Workers that sleep between jobs. One job at a time; a second caller, or a task that calls back, works
// alone.
class Pool {
 public:
  explicit Pool(std::size_t workers) : asked_(workers) {
    threads_.reserve(workers);
    try {
      for (std::size_t i = 0; i < workers; ++i) threads_.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {
      // The system gives no more: fewer threads do the same work, with the same bits.
    }
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  std::size_t asked() const { return asked_; }

  // False if the pool is busy.
  bool run(Job& job) {
    const std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn) return false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      ++generation_;
      working_ = threads_.size();
    }
    wake_.notify_all();
    job.work();
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return working_ == 0; });
    return true;
  }

 private:
  void serve() {
    std::size_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
      if (stopping_) return;
      seen = generation_;
      Job* const job = job_;
      lock.unlock();
      job->work();
      lock.lock();
      if (--working_ == 0) done_.notify_one();
    }
  }

  const std::size_t asked_;
  std::vector<std::thread> threads_;
  std::mutex turn_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  Job* job_ = nullptr;
  std::size_t generation_ = 0;
  std::size_t working_ = 0;
  bool stopping_ = false;
};

constexpr std::size_t most_threads = 1024;

std::size_t default_num_threads() {
  if (const char* text = std::getenv("TENBIN_NUM_THREADS")) {
    const auto count = std::strtol(text, nullptr, 10);
    if (count >= 1) return std::min(static_cast<std::size_t>(count), most_threads);
  }
  const std::size_t processors = std::thread::hardware_concurrency();
  return processors == 0 ? 1 : processors;
}

struct Threads {
  std::mutex mutex;
  std::size_t count = default_num_threads();
  std::shared_ptr<Pool> pool;  // made when first needed
};

Threads& threads() {
  static Threads instance;
  return instance;
}

std::shared_ptr<Pool> current_pool() {
  Threads& settings = threads();
  const std::lock_guard<std::mutex> lock(settings.mutex);
  const std::size_t workers = settings.count - 1;
  if (workers == 0) return nullptr;
  if (!settings.pool || settings.pool->asked() != workers) settings.pool = std::make_shared<Pool>(workers);
  return settings.pool;
}

}  // namespace

void set_num_threads(std::size_t count) {
  if (count == 0 || count > most_threads)
    throw Error("set_num_threads: expected 1 to ", most_threads, " threads, got ", count);
  Threads& settings = threads();
  const std::lock_guard<std::mutex> lock(settings.mutex);
  settings.count = count;
}

std::size_t num_threads() {
  Threads& settings = threads();
  const std::lock_guard<std::mutex> lock(settings.mutex);
  return settings.count;
}

void detail::parallel_for(std::size_t count, void (*call)(void* task, std::size_t i), void* task) {
  const std::shared_ptr<Pool> pool = count > 1 && !inside_a_task ? current_pool() : nullptr;
  Job job(count, call, task);
  if (!pool || !pool->run(job)) job.work();
  job.rethrow();
}

}  // namespace tenbin
