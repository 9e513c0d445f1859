// Intrusive reference counting for buffers and graph nodes.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace tenbin {

/// A reference count that is atomic only while the process has more than one thread: an atomic instruction
/// costs more than the rest of copying a handle.
class ReferenceCount {
 public:
  explicit ReferenceCount(std::uint32_t initial = 0) : count_(initial) {}

  static bool single_threaded() {
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded != 0;
#else
    return false;
#endif
  }

  std::uint32_t value() const { return count_.load(std::memory_order_relaxed); }

  void increment() {
    if (single_threaded()) {
      count_.store(value() + 1, std::memory_order_relaxed);
    } else {
      count_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  /// True if this was the last reference.
  bool decrement() {
    if (single_threaded()) {
      const std::uint32_t left = value() - 1;
      count_.store(left, std::memory_order_relaxed);
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
