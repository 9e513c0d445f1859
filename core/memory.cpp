// The caching allocator: free lists by size class, one set per thread and one set that all threads share. A
// thread uses its own set without locks. This set is bounded: further blocks move to the shared set, from
// which every thread takes, so that blocks that one thread allocates and another releases are reused. There
// are eight classes per power of two, each plus a cache line for the header of an array: at most an eighth of
// a large block is unused, and nothing if the array's size is a power of two.
#include "tenbin/core/memory.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace tenbin::memory {

namespace {

struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

constexpr std::size_t steps = 8;
constexpr std::size_t small_limit = alignment * (steps + 1);  // up to here the classes are `alignment` apart
constexpr std::size_t class_count = steps + 2 + (64 - 9) * steps;

SizeClass size_class(std::size_t bytes) {
  if (bytes <= small_limit) {
    const std::size_t units = bytes == 0 ? 1 : (bytes + alignment - 1) / alignment;
    return {units, units * alignment};
  }
  const std::size_t without_header = bytes - alignment;
  const auto highest_bit = static_cast<std::size_t>(63 - __builtin_clzll(without_header - 1));
  const std::size_t step = (std::size_t{1} << highest_bit) / steps;
  const std::size_t rounded = (without_header + step - 1) / step * step + alignment;
  if (rounded < bytes) throw std::bad_alloc();
  return {steps + 1 + (highest_bit - 9) * steps + ((rounded - alignment) >> (highest_bit - 3)) - steps,
          rounded};
}

struct FreeBlock {
  FreeBlock* next;
};

// Leak checkers do not follow pointers in poisoned memory, so `next` stays readable.
void poison(FreeBlock* block, std::size_t bytes) noexcept {
  ASAN_POISON_MEMORY_REGION(reinterpret_cast<char*>(block) + sizeof(FreeBlock), bytes - sizeof(FreeBlock));
}

void give_to_system(void* block) noexcept { ::operator delete (block, std::align_val_t{alignment}); }

// The lists of one tier.
struct FreeLists {
  FreeBlock* heads[class_count];

  void push(void* memory, SizeClass size) noexcept {
    heads[size.index] = ::new (memory) FreeBlock{heads[size.index]};
  }
  FreeBlock* pop(std::size_t index) noexcept {
    FreeBlock* const block = heads[index];
    if (block != nullptr) heads[index] = block->next;
    return block;
  }
  // Moves all blocks to `other`.
  void move_to(FreeLists& other) noexcept {
    for (std::size_t index = 0; index < class_count; ++index) {
      if (heads[index] == nullptr) continue;
      FreeBlock* last = heads[index];
      while (last->next != nullptr) last = last->next;
      last->next = other.heads[index];
      other.heads[index] = heads[index];
      heads[index] = nullptr;
    }
  }
  void drop_all() noexcept {
    for (std::size_t index = 0; index < class_count; ++index)
      while (FreeBlock* const block = pop(index)) give_to_system(block);
  }
};

// 1 GiB, or an eighth of the machine's memory if that is less.
std::size_t default_max_cached_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  constexpr std::size_t most = std::size_t{1} << 30;
  if (pages <= 0 || page_bytes <= 0) return most;
  return std::min(most, static_cast<std::size_t>(pages) / 8 * static_cast<std::size_t>(page_bytes));
}

std::atomic<std::size_t> max_cached{default_max_cached_bytes()};
// In the whole process: the bytes in the shared lists and those that threads have reserved for their own.
std::atomic<std::size_t> reserved{0};

bool reserve(std::size_t bytes) noexcept {
  const std::size_t limit = max_cached.load(std::memory_order_relaxed);
  std::size_t before = reserved.load(std::memory_order_relaxed);
  do {
    if (bytes > limit || before > limit - bytes) return false;
  } while (!reserved.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
  return true;
}

void unreserve(std::size_t bytes) noexcept { reserved.fetch_sub(bytes, std::memory_order_relaxed); }

// Never destroyed, since static arrays and detached threads use it during exit.
class SharedCache {
 public:
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

  // Precondition: the bytes are reserved.
  void add(void* block, SizeClass size) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    lists_.push(block, size);
    bytes_.fetch_add(size.bytes, std::memory_order_relaxed);
  }
  void add_all(FreeLists& lists, std::size_t bytes) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    lists.move_to(lists_);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }

  // Moves up to `count` blocks of the class to `to`, and returns how many.
  std::size_t take(SizeClass size, std::size_t count, FreeLists& to) noexcept {
    if (bytes() == 0) return 0;
    const std::lock_guard<std::mutex> lock(mutex_);
    std::size_t taken = 0;
    for (; taken < count; ++taken) {
      FreeBlock* const block = lists_.pop(size.index);
      if (block == nullptr) break;
      to.push(block, size);
    }
    bytes_.fetch_sub(taken * size.bytes, std::memory_order_relaxed);
    return taken;
  }

  void drop_all() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    lists_.drop_all();
    unreserve(bytes_.exchange(0, std::memory_order_relaxed));
  }

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  FreeLists lists_{};
  std::atomic<std::size_t> bytes_{0};
};

SharedCache shared;

// Trivially destructible, so that it can be used while other objects of the thread are destroyed: static
// arrays may be released after `close`.
class ThreadCache {
 public:
  void* allocate(SizeClass size) {
    FreeBlock* const block = lists_.heads[size.index];
    if (block == nullptr) return allocate_elsewhere(size);
    ASAN_UNPOISON_MEMORY_REGION(block, size.bytes);
    lists_.heads[size.index] = block->next;
    cached_ -= size.bytes;
    return block;
  }

  void release(void* memory, SizeClass size) noexcept {
    if (cached_ + size.bytes > reserved_ && !make_room(size)) return release_elsewhere(memory, size);
    keep(memory, size);
  }

  void drop_all() noexcept {
    lists_.drop_all();
    cached_ = 0;
    unreserve(reserved_);
    reserved_ = 0;
  }

  std::size_t cached_bytes() const noexcept { return cached_; }
  std::size_t reserved_bytes() const noexcept { return reserved_; }
  std::size_t system_allocations() const noexcept { return system_allocations_; }

 private:
  enum class State : unsigned char { unused, open, closed };

  // Above this limit, blocks move to the shared lists, where the threads that allocate find them.
  static constexpr std::size_t max_bytes = std::size_t{16} << 20;
  static constexpr std::size_t reservation = std::size_t{1} << 20;  // large: reserving is an atomic operation
  static constexpr std::size_t taken_at_once = std::size_t{1} << 15;

  // Not a thread_local object with a destructor: glibc ends the process if it has no memory to register one.
  // The main thread's cache is not closed at exit.
  static pthread_key_t key;
  static const bool key_was_made;

  static void close(void* cache) {
    auto* const self = static_cast<ThreadCache*>(cache);
    self->drop_all();
    self->state_ = State::closed;
  }

  bool open() noexcept {
    if (!key_was_made || ::pthread_setspecific(key, this) != 0) return false;
    state_ = State::open;
    return true;
  }

  void keep(void* memory, SizeClass size) noexcept {
    lists_.push(memory, size);
    cached_ += size.bytes;
    poison(lists_.heads[size.index], size.bytes);
  }

  [[gnu::noinline]] void* allocate_elsewhere(SizeClass size) {
    const std::size_t wanted =
        state_ == State::open ? std::max<std::size_t>(1, taken_at_once / size.bytes) : 1;
    const std::size_t taken = shared.take(size, wanted, lists_);
    if (taken == 0) return allocate_from_system(size);
    // One of them is returned to the caller; the others may fit into this thread's reservation.
    const std::size_t kept = cached_ + (taken - 1) * size.bytes;
    const std::size_t more = kept > reserved_ ? kept - reserved_ : 0;
    reserved_ += more;
    unreserve(taken * size.bytes - more);
    cached_ = kept + size.bytes;
    return allocate(size);
  }

  void* allocate_from_system(SizeClass size) {
    constexpr std::align_val_t aligned{alignment};
    void* block = ::operator new(size.bytes, aligned, std::nothrow);
    if (block == nullptr) {
      release_cached();
      block = ::operator new(size.bytes, aligned);
    }
    ++system_allocations_;
    return block;
  }

  [[gnu::noinline]] bool make_room(SizeClass size) noexcept {
    if (state_ == State::unused && !open()) return false;
    if (state_ == State::closed || size.bytes > max_bytes) return false;
    if (cached_ + size.bytes > max_bytes) {
      shared.add_all(lists_, cached_);
      reserved_ -= cached_;
      cached_ = 0;
    }
    const std::size_t needed = cached_ + size.bytes;
    if (needed <= reserved_) return true;
    const std::size_t more = (needed - reserved_ + reservation - 1) / reservation * reservation;
    if (!reserve(more)) return false;
    reserved_ += more;
    return true;
  }

  void release_elsewhere(void* memory, SizeClass size) noexcept {
    if (state_ == State::closed || !reserve(size.bytes)) return give_to_system(memory);
    shared.add(memory, size);
  }

  FreeLists lists_{};
  std::size_t cached_ = 0;
  std::size_t reserved_ = 0;  // at least cached_
  std::size_t system_allocations_ = 0;
  State state_ = State::unused;
};

pthread_key_t ThreadCache::key;
const bool ThreadCache::key_was_made = ::pthread_key_create(&key, close) == 0;

ThreadCache& cache() {
  thread_local ThreadCache instance;
  return instance;
}

// A child of fork has only this thread: no other thread holds the lock or has a reservation.
[[maybe_unused]] const bool survives_fork = ::pthread_atfork([] { shared.lock(); }, [] { shared.unlock(); },
                                                             [] {
                                                               shared.unlock();
                                                               reserved =
                                                                   shared.bytes() + cache().reserved_bytes();
                                                             }) == 0;

}  // namespace

void* allocate(std::size_t bytes) { return cache().allocate(size_class(bytes)); }

void release(void* block, std::size_t bytes) noexcept {
  if (block != nullptr) cache().release(block, size_class(bytes));
}

void release_cached() noexcept {
  cache().drop_all();
  shared.drop_all();
}

std::size_t max_cached_bytes() noexcept { return max_cached; }

void set_max_cached_bytes(std::size_t bytes) noexcept {
  max_cached = bytes;
  if (reserved > bytes) release_cached();
}

Stats stats() noexcept { return {cache().cached_bytes(), cache().system_allocations(), shared.bytes()}; }

}  // namespace tenbin::memory
