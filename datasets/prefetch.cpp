#include "tenbin/datasets/prefetch.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "tenbin/core/config.h"
#include "tenbin/cpu/parallel.h"

namespace tenbin::detail {

namespace {

struct Slot {
  Arrays batch;
  std::exception_ptr failure;
  bool is_made = false;
};

}  // namespace

// Batch i is put into slot i % slots.size(). There are two slots more than batches in advance: a slot keeps a
// batch that has been given out until the caller has usually released it, so that the worker's next batch
// gets the same memory.
struct Prefetcher::Shared {
  Shared(BatchPlan batches, std::size_t batches_in_advance)
      : plan(std::move(batches)), depth(plan.device().is_cpu() ? batches_in_advance : 0), slots(depth + 2) {}

  ~Shared() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      stops = true;
    }
    wake.notify_one();
    if (worker.joinable()) worker.join();
  }

  void start(std::size_t first, std::unique_lock<std::mutex>& lock) {
    ++start_count;
    next_made = next_taken = first;
    for (Slot& slot : slots) slot.is_made = false;
    if (!worker.joinable()) start_worker();
    lock.unlock();
    wake.notify_one();
  }

  // Without the thread, the caller makes the batches.
  void start_worker() {
    try {
      worker = std::thread([this] { work(); });
    } catch (const std::system_error&) {
      depth = 0;
    }
  }

  void work() {
    std::unique_lock<std::mutex> lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stops || (next_made < count && next_made < next_taken + depth); });
      if (stops) return;
      const std::size_t i = next_made++;
      const std::uint64_t start_before = start_count;
      const BatchPass now = pass;
      const Config now_modes = modes;
      Slot& slot = slots[i % slots.size()];
      Slot made;
      std::swap(made, slot);
      lock.unlock();
      make(now, i, now_modes, made);
      lock.lock();
      if (start_before != start_count) continue;
      std::swap(made, slot);
      made_one.notify_one();
    }
  }

  // A task of parallel_for, so that a parallel_for in it runs in this thread and not in the pool, which is
  // the caller's.
  void make(const BatchPass& now, std::size_t i, const Config& now_modes, Slot& made) {
    made = {};
    try {
      const UseConfig use(now_modes);
      tenbin::parallel_for(1, [&](std::size_t) { made.batch = plan.batch(now, i); });
    } catch (...) {
      made.failure = std::current_exception();
    }
    made.is_made = true;
  }

  BatchPlan plan;
  std::size_t depth;

  std::mutex mutex;  // of what follows
  std::condition_variable wake;
  std::condition_variable made_one;
  std::vector<Slot> slots;
  BatchPass pass;
  std::size_t count = 0;          // batches of the pass
  Config modes;                   // of the worker
  std::size_t next_made = 0;      // by the worker
  std::size_t next_taken = 0;     // by the caller
  std::uint64_t start_count = 0;  // a batch of an earlier start is dropped
  bool stops = false;
  std::thread worker;
};

Prefetcher::Prefetcher(BatchPlan plan, std::size_t depth)
    : shared_(std::make_unique<Shared>(std::move(plan), depth)) {}
Prefetcher::~Prefetcher() = default;

BatchPlan& Prefetcher::plan() { return shared_->plan; }

const BatchPass& Prefetcher::begin() {
  const BatchPass& pass = plan().begin();
  start(0);
  return pass;
}

void Prefetcher::start(std::size_t first) {
  if (shared_->depth == 0) return;
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->count = plan().size();
  shared_->pass = plan().pass();
  shared_->modes = config();
  shared_->start(first, lock);
}

Arrays Prefetcher::batch(const BatchPass& pass, std::size_t i) {
  Shared& shared = *shared_;
  if (shared.depth == 0) return shared.plan.batch(pass, i);
  std::unique_lock<std::mutex> lock(shared.mutex);
  if (pass.number != shared.pass.number || i < shared.next_taken || i >= shared.count) {
    lock.unlock();
    return shared.plan.batch(pass, i);
  }
  if (i > shared.next_taken) {
    shared.start(i, lock);
    lock.lock();
  }
  Slot& slot = shared.slots[i % shared.slots.size()];
  shared.made_one.wait(lock, [&] { return slot.is_made; });
  slot.is_made = false;
  ++shared.next_taken;
  const std::exception_ptr failure = std::exchange(slot.failure, nullptr);
  Arrays batch = slot.batch;
  lock.unlock();
  shared.wake.notify_one();
  if (failure) std::rethrow_exception(failure);
  return batch;
}

}  // namespace tenbin::detail
