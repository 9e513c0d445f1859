// Free lists by size class, one set a thread. Classes are an eighth of a power of two apart, so at most an
// eighth of a large block is waste.
#include "tenbin/core/memory.h"

#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace tenbin::memory {

namespace {

// Beyond this much idle memory a thread gives blocks back: a consumer that frees what another thread
// allocates must not hoard.
constexpr std::size_t max_cached_bytes = std::size_t{1} << 30;

struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

constexpr std::size_t steps = 8;
constexpr std::size_t small_limit = alignment * steps;  // up to here the classes are `alignment` apart
constexpr std::size_t class_count = steps + 1 + (64 - 9) * steps;

SizeClass size_class(std::size_t bytes) {
  if (bytes <= small_limit) {
    const std::size_t units = bytes == 0 ? 1 : (bytes + alignment - 1) / alignment;
    return {units, units * alignment};
  }
  const auto highest_bit = static_cast<std::size_t>(63 - __builtin_clzll(bytes - 1));
  const std::size_t step = (std::size_t{1} << highest_bit) / steps;
  const std::size_t rounded = (bytes + step - 1) / step * step;
  if (rounded < bytes) throw std::bad_alloc();
  return {steps + (highest_bit - 9) * steps + (rounded >> (highest_bit - 3)) - steps, rounded};
}

struct FreeBlock {
  FreeBlock* next;
};

// Trivially destructible, so that it can still be used when the thread's other objects are being destroyed:
// arrays of static storage may be freed after its blocks have gone back.
class ThreadCache {
 public:
  void* allocate(SizeClass size) {
    FreeBlock*& head = free_[size.index];
    if (head == nullptr) {
      ++stats_.system_allocations;
      return ::operator new (size.bytes, std::align_val_t{alignment});
    }
    ASAN_UNPOISON_MEMORY_REGION(head, size.bytes);
    FreeBlock* const block = head;
    head = block->next;
    stats_.cached_bytes -= size.bytes;
    return block;
  }

  void release(void* memory, SizeClass size) noexcept {
    if (state_ == State::unused) open();
    if (state_ == State::closed || stats_.cached_bytes + size.bytes > max_cached_bytes) {
      ::operator delete (memory, std::align_val_t{alignment});
      return;
    }
    free_[size.index] = ::new (memory) FreeBlock{free_[size.index]};
    stats_.cached_bytes += size.bytes;
    ASAN_POISON_MEMORY_REGION(memory, size.bytes);
  }

  void drop_all() noexcept {
    for (FreeBlock*& head : free_)
      while (head != nullptr) {
        ASAN_UNPOISON_MEMORY_REGION(head, sizeof(FreeBlock));
        FreeBlock* const next = head->next;
        ::operator delete (head, std::align_val_t{alignment});
        head = next;
      }
    stats_.cached_bytes = 0;
  }

  const Stats& stats() const noexcept { return stats_; }

 private:
  enum class State : unsigned char { unused, open, closed };

  // Closes the cache when the thread ends.
  struct Closer {
    explicit Closer(ThreadCache& opened) : cache(opened) {}
    Closer(const Closer&) = delete;
    Closer& operator=(const Closer&) = delete;
    ~Closer() {
      cache.drop_all();
      cache.state_ = State::closed;
    }
    ThreadCache& cache;
  };

  void open() noexcept {
    state_ = State::open;
    thread_local const Closer closer(*this);
  }

  FreeBlock* free_[class_count] = {};
  Stats stats_{};
  State state_ = State::unused;
};

ThreadCache& cache() {
  thread_local ThreadCache instance;
  return instance;
}

}  // namespace

void* allocate(std::size_t bytes) { return cache().allocate(size_class(bytes)); }

void release(void* block, std::size_t bytes) noexcept {
  if (block != nullptr) cache().release(block, size_class(bytes));
}

void release_cached() noexcept { cache().drop_all(); }

Stats stats() noexcept { return cache().stats(); }

}  // namespace tenbin::memory
