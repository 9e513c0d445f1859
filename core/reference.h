// Intrusive reference counting for buffers and graph nodes.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace tenbin {

namespace detail {

// Who changes reference counts. While only one thread does, it needs no atomic instructions, which cost more
// than the rest of copying a handle. Other threads that change no count do not matter: those of BLAS, which
// starts them when the program is loaded, and those that compute numbers in a parallel_for.
//
// The first thread that changes a count becomes the owner. When a second one is about to, it ends the
// ownership for good, and waits until the owner is not inside a change.
class CountOwnership {
 public:
  // Converts to true while the calling thread may change a count without atomic instructions.
  class Turn {
   public:
    Turn() : is_owners_(ownership.begin_change()) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      if (is_owners_) ownership.changing_.store(false, std::memory_order_release);
    }
    explicit operator bool() const { return is_owners_; }

   private:
    const bool is_owners_;
  };

  // True if more than one thread has changed counts.
  static bool is_shared() { return ownership.owner_ == everybody; }

 private:
  using Thread = std::uintptr_t;
  static constexpr Thread nobody = 0, being_taken = 1, everybody = 2;  // no thread's pointer has these values

  static Thread this_thread() { return reinterpret_cast<Thread>(__builtin_thread_pointer()); }

  bool begin_change() {
    const Thread owner = owner_.load(std::memory_order_acquire);
    if (owner == everybody || (owner != this_thread() && !claim_or_share())) return false;
    // In this order also for a thread in `claim_or_share`: the compiler keeps it because of the fence, and
    // the processor because of that thread's membarrier.
    changing_.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (owner_.load(std::memory_order_relaxed) == this_thread()) return true;
    changing_.store(false, std::memory_order_release);
    return begin_change();
  }

  bool claim_or_share();

  static void start_again_in_a_child();
  static const bool survives_fork;
  static CountOwnership ownership;

  std::atomic<Thread> owner_{nobody};
  std::atomic<bool> changing_{false};
};

}  // namespace detail

/// A reference count. It is atomic, but changed without atomic instructions as long as only one thread
/// changes counts.
class ReferenceCount {
 public:
  explicit ReferenceCount(std::uint32_t initial = 0) : count_(initial) {}

  std::uint32_t value() const { return count_.load(std::memory_order_relaxed); }

  void increment() {
    if (const detail::CountOwnership::Turn turn; turn) {
      count_.store(value() + 1, std::memory_order_relaxed);
    } else {
      count_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  /// True if this was the last reference.
  bool decrement() {
    if (const detail::CountOwnership::Turn turn; turn) {
      const std::uint32_t left = value() - 1;
      count_.store(left, std::memory_order_release);
      return left == 0;
    }
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

 private:
  std::atomic<std::uint32_t> count_;
};

/// An owning pointer to a class that has `retain()` and `release()`.
template <class T>
class Reference {
 public:
  Reference() = default;
  explicit Reference(T* object) : object_(object) {
    if (object_ != nullptr) object_->retain();
  }
  Reference(const Reference& other) : Reference(other.object_) {}
  Reference(Reference&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Reference& operator=(Reference other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Reference() {
    if (object_ != nullptr) object_->release();
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

}  // namespace tenbin
