// SmallVector, a vector that stores up to N elements without allocation.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <new>
#include <type_traits>
#include <utility>

#include "tenbin/core/error.h"
#include "tenbin/core/memory.h"

namespace tenbin {

/// The part of std::vector's interface that the graph needs: lists of arrays and of variables are short.
template <class T, std::size_t N>
class SmallVector {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  SmallVector() = default;
  SmallVector(std::initializer_list<T> values) : SmallVector(values.begin(), values.end()) {}
  template <class Iterator, class = typename std::iterator_traits<Iterator>::iterator_category>
  SmallVector(Iterator first, Iterator last) : SmallVector() {  // from here on a throw runs the destructor
    for (; first != last; ++first) emplace_back(*first);
  }
  SmallVector(const SmallVector& other) : SmallVector(other.begin(), other.end()) {}
  SmallVector(SmallVector&& other) noexcept(std::is_nothrow_move_constructible_v<T>) { take(other); }
  SmallVector& operator=(const SmallVector& other) {
    if (this != &other) *this = SmallVector(other);
    return *this;
  }
  SmallVector& operator=(SmallVector&& other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    if (this != &other) {
      destroy();
      take(other);
    }
    return *this;
  }
  ~SmallVector() { destroy(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  iterator begin() { return data_; }
  iterator end() { return data_ + size_; }
  const_iterator begin() const { return data_; }
  const_iterator end() const { return data_ + size_; }

  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  const T& at(std::size_t i) const {
    if (i >= size_) throw Error("index ", i, " is out of range for a list of ", size_);
    return data_[i];
  }
  T& at(std::size_t i) { return const_cast<T&>(std::as_const(*this).at(i)); }
  T& front() { return data_[0]; }
  const T& front() const { return data_[0]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }

  void push_back(const T& value) { emplace_back(value); }
  void push_back(T&& value) { emplace_back(std::move(value)); }
  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == capacity_) {
      T value(std::forward<Args>(args)...);  // the arguments may be elements of this vector
      reserve(capacity_ == 0 ? 4 : 2 * capacity_);
      ::new (static_cast<void*>(data_ + size_)) T(std::move(value));
    } else {
      ::new (static_cast<void*>(data_ + size_)) T(std::forward<Args>(args)...);
    }
    return data_[size_++];
  }
  void pop_back() { data_[--size_].~T(); }
  void clear() {
    while (size_ > 0) pop_back();
  }
  void resize(std::size_t size) {
    while (size_ > size) pop_back();
    reserve(size);
    while (size_ < size) emplace_back();
  }
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    T* const larger = static_cast<T*>(memory::allocate(capacity * sizeof(T)));
    for (std::size_t i = 0; i < size_; ++i) {
      ::new (static_cast<void*>(larger + i)) T(std::move(data_[i]));
      data_[i].~T();
    }
    free_block();
    data_ = larger;
    capacity_ = capacity;
  }

 private:
  T* inline_data() { return std::launder(reinterpret_cast<T*>(storage_)); }
  bool is_inline() { return static_cast<void*>(data_) == static_cast<void*>(storage_); }

  void free_block() {
    if (!is_inline()) memory::release(data_, capacity_ * sizeof(T));
  }
  void destroy() {
    clear();
    free_block();
    data_ = inline_data();
    capacity_ = N;
  }
  // Precondition: this vector is empty and inline.
  void take(SmallVector& other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    if (!other.is_inline()) {
      data_ = std::exchange(other.data_, other.inline_data());
      capacity_ = std::exchange(other.capacity_, N);
      size_ = std::exchange(other.size_, 0);
      return;
    }
    for (T& value : other) ::new (static_cast<void*>(data_ + size_++)) T(std::move(value));
    other.clear();
  }

  alignas(T) unsigned char storage_[N == 0 ? 1 : N * sizeof(T)];
  T* data_ = inline_data();
  std::size_t size_ = 0;
  std::size_t capacity_ = N;
};

template <class T, std::size_t N>
bool operator==(const SmallVector<T, N>& a, const SmallVector<T, N>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(a[i] == b[i])) return false;
  return true;
}
template <class T, std::size_t N>
bool operator!=(const SmallVector<T, N>& a, const SmallVector<T, N>& b) {
  return !(a == b);
}

}  // namespace tenbin
