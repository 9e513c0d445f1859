// Array, the array type of the library: row-major, contiguous, on one device, with a dtype at run time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#if __cplusplus >= 202002L && __has_include(<span>)
#include <span>
#endif

#include "tenbin/core/device.h"
#include "tenbin/core/dtype.h"
#include "tenbin/core/memory.h"
#include "tenbin/core/reference.h"
#include "tenbin/core/shape.h"
#include "tenbin/core/small_vector.h"

namespace tenbin {

class Function;

namespace detail {

struct Node;
class Gradient;

// The reference-counted memory of one or more arrays.
class Buffer {
 public:
  static Reference<Buffer> make(std::size_t bytes, Device device);

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  Device device() const { return device_; }
  std::uint32_t use_count() const { return references_.value(); }

  // The number of changes in place. A function compares it between forward and backward.
  std::uint32_t version() const { return version_.value(); }
  void mark_changed() { version_.increment(); }

  void retain() { references_.increment(); }
  void release() {
    if (references_.decrement()) destroy();
  }

 private:
  Buffer(void* data, std::size_t bytes, Device device) : data_(data), bytes_(bytes), device_(device) {}
  void destroy();

  void* data_;
  std::size_t bytes_;
  Device device_;
  ReferenceCount references_;
  ReferenceCount version_;
};

// Marks an Array object as the gradient of a variable. Copies and assignments do not transfer the mark.
class IsGradient {
 public:
  IsGradient() = default;
  IsGradient(const IsGradient&) noexcept {}
  IsGradient& operator=(const IsGradient&) noexcept { return *this; }
  void set() { value_ = true; }
  explicit operator bool() const { return value_; }

 private:
  bool value_ = false;
};

}  // namespace detail

/// A dense array of runtime dtype. A copy of an Array shares the elements; `copy()` copies them.
///
///     Array x = {{1.f, 2.f}, {3.f, 4.f}};            // float32(2, 2): the dtype is the elements' C++ type
///     Array t({0, 1}, Dtype::int32);
///     Array w = Array::full({10}, 0.5);               // float32
///     float* p = x.data<float>();
///     double last = x.at(1, 1);
///
/// A default-constructed Array is empty: it has no memory, and converts to false. It has shape (), size 0 and
/// dtype float32; `copy`, `to` and `astype` return an empty Array, printing prints `none`, and every other
/// use is an Error. An array with an axis of length 0 is not empty in this sense.
///
/// C++ types without a Dtype are stored without loss: bool as uint8; char, short and other integers of 8 and
/// 16 bits as int32; unsigned, long long, std::size_t and other integers as int64.
///
/// Threads: several may read one array, and each may copy and destroy handles of its own. Elements that one
/// thread writes must not be used by another at the same time, and neither must a handle that is assigned to.
class Array {
 public:
  Array() = default;

  /// From nested lists, up to three deep. Errors: rows of different lengths.
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Array(std::initializer_list<T> values, Dtype dtype = dtype_of<detail::Stored<T>>)
      : Array(from_range<T>(values.begin(), values.size(), Shape{values.size()}).astype(dtype)) {}
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Array(std::initializer_list<std::initializer_list<T>> rows, Dtype dtype = dtype_of<detail::Stored<T>>);
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Array(std::initializer_list<std::initializer_list<std::initializer_list<T>>> blocks,
        Dtype dtype = dtype_of<detail::Stored<T>>);

  /// From a vector, as one axis or as `shape`. Errors: the number of values is not that of the shape; an
  /// unsigned value above 2^63 - 1.
  template <class T>
  explicit Array(const std::vector<T>& values) : Array(values, Shape{values.size()}) {}
  template <class T>
  Array(const std::vector<T>& values, const Shape& shape)
      : Array(from_range<T>(values.begin(), values.size(), shape)) {}

  /// Copies the elements from CPU memory. Errors: a null pointer, unless the shape has no elements.
  ///
  ///     Array x(pointer, Shape{4, 3});
  template <class T>
  Array(const T* values, const Shape& shape) : Array(from_pointer(values, shape)) {}

#ifdef __cpp_lib_span
  /// From a span, as from a vector. (C++20.)
  template <class T, std::size_t count>
  explicit Array(std::span<T, count> values) : Array(values, Shape{values.size()}) {}
  template <class T, std::size_t count>
  Array(std::span<T, count> values, const Shape& shape)
      : Array(from_range<std::remove_cv_t<T>>(values.data(), values.size(), shape)) {}
#endif

  /// Uninitialised elements.
  static Array empty(const Shape& shape, Dtype dtype = Dtype::float32, Device device = {});
  static Array empty_like(const Array& other) {
    other.require_some("empty_like");
    return empty(other.shape(), other.dtype(), other.device());
  }
  static Array full(const Shape& shape, double value, Dtype dtype = Dtype::float32, Device device = {});
  static Array zeros(const Shape& shape, Dtype dtype = Dtype::float32, Device device = {});
  static Array ones(const Shape& shape, Dtype dtype = Dtype::float32, Device device = {});
  static Array zeros_like(const Array& other) {
    other.require_some("zeros_like");
    return zeros(other.shape(), other.dtype(), other.device());
  }
  /// An array without axes.
  static Array scalar(double value, Dtype dtype = Dtype::float32, Device device = {}) {
    return full({}, value, dtype, device);
  }
  /// 0, 1, ..., count - 1.
  static Array arange(std::size_t count, Dtype dtype = Dtype::int64);

  explicit operator bool() const { return static_cast<bool>(buffer_); }

  const Shape& shape() const { return shape_; }
  std::size_t ndim() const { return shape_.size(); }
  std::size_t size() const { return size_; }
  std::size_t nbytes() const { return size_ * item_size(dtype_); }
  Dtype dtype() const { return dtype_; }
  Device device() const { return buffer_ ? buffer_->device() : Device{}; }

  /// The elements in row-major order; on a GPU, a device pointer. Errors: T is not the dtype.
  ///
  /// Backward does not detect writes through the pointer: after a write between forward and backward, call
  /// `mark_changed`.
  template <class T>
  T* data() {
    require_dtype(dtype_of<T>);
    return static_cast<T*>(raw_data());
  }
  template <class T>
  const T* data() const {
    require_dtype(dtype_of<T>);
    return static_cast<const T*>(raw_data());
  }
  void* raw_data() {
    require_some("raw_data");
    return static_cast<char*>(buffer_->data()) + offset_;
  }
  const void* raw_data() const { return const_cast<Array*>(this)->raw_data(); }

  /// The value of an array of one element. Errors: any other size.
  template <class T = double>
  T item() const;
  /// One element, from any device. Errors: not one index per axis, an index out of range.
  ///
  ///     double v = a.at(1, 2);
  ///     float f = a.at<float>(1, 2);
  template <class T = double, class... Indices>
  T at(Indices... indices) const {
    static_assert((std::is_integral_v<Indices> && ...), "Array::at: the indices must be integers");
    return element({static_cast<std::int64_t>(indices)...}).template item<T>();
  }
  /// All elements, converted to T, from any device.
  template <class T>
  [[nodiscard]] std::vector<T> to_vector() const;

  /// A view of the same elements with another shape. Errors: the number of elements differs.
  [[nodiscard]] Array reshape(const Shape& shape) const;
  /// A view of the rows [begin, end). Errors: no axis, or a range beyond the first axis.
  [[nodiscard]] Array slice(std::size_t begin, std::size_t end) const;

  [[nodiscard]] Array copy() const;
  /// A copy on another device, or with another dtype. Shares the buffer if nothing would change.
  [[nodiscard]] Array to(Device device) const;
  [[nodiscard]] Array astype(Dtype dtype) const;

  void fill(double value);
  /// Adds an array of the same shape, dtype and device to this one, element by element, in place. Errors:
  /// they differ.
  void add(const Array& other);
  /// Copies the elements of an array of the same shape and dtype into this one's memory. Errors: they differ.
  void assign(const Array& other);
  /// Records that elements have been written through a pointer. `fill`, `add`, `assign` and an optimizer's
  /// update do this themselves. Backward of a function that has retained an array of this buffer is then an
  /// error.
  void mark_changed() {
    require_some("mark_changed");
    buffer_->mark_changed();
  }

  /// True if no other Array shares the buffer and this one spans all of it, so that it may be reused in
  /// place.
  bool owns_buffer() const { return buffer_ && buffer_->use_count() == 1 && nbytes() == buffer_->bytes(); }
  bool shares_memory_with(const Array& other) const {
    return buffer_ && buffer_.get() == other.buffer_.get();
  }

  /// The values in NumPy's format: `[[1, 2],\n [3, 4]]`; long axes are shortened.
  std::string to_string() const;

 private:
  friend struct detail::Node;
  friend class detail::Gradient;
  friend class Function;

  template <class T, class Iterator>
  static Array from_range(Iterator values, std::size_t count, const Shape& shape);
  template <class T>
  static Array from_pointer(const T* values, const Shape& shape);
  Array element(std::initializer_list<std::int64_t> indices) const;
  void require_some(const char* call) const {
    if (!buffer_) empty_error(call);
  }
  [[noreturn]] void empty_error(const char* call) const;
  void require_dtype(Dtype dtype) const {
    if (dtype != dtype_ || !buffer_) dtype_error(dtype);
  }
  [[noreturn]] void dtype_error(Dtype asked) const;
  Array to_cpu_as(Dtype dtype) const;
  void require_like(const Array& other, const char* call) const;
  // Makes the array empty, but keeps its shape and dtype.
  void drop_memory() { buffer_ = {}; }
  std::uint32_t version() const { return buffer_ ? buffer_->version() : 0; }

  Reference<detail::Buffer> buffer_;
  std::size_t offset_ = 0;  // in bytes
  std::size_t size_ = 0;
  Shape shape_;
  Dtype dtype_ = Dtype::float32;
  detail::IsGradient is_gradient_;
};

using Arrays = SmallVector<Array, 3>;

/// Arrays with their keys, such as `l1/W`, in the order of their file.
using NamedArrays = std::vector<std::pair<std::string, Array>>;

/// Prints dtype and shape, `float32(8, 10)`, as in error messages. An empty Array prints `none`.
std::ostream& operator<<(std::ostream& out, const Array& array);

// ----------------------------------------------------------------------------------------------------

template <class T, class Iterator>
Array Array::from_range(Iterator values, std::size_t count, const Shape& shape) {
  using Stored = detail::Stored<T>;
  if (element_count(shape) != count) throw Error("Array: ", count, " values do not fill the shape ", shape);
  Array array = empty(shape, dtype_of<Stored>);
  Stored* const out = array.data<Stored>();
  for (std::size_t i = 0; i < count; ++i, ++values) {
    const T value = *values;
    if constexpr (std::is_unsigned_v<T> && std::is_signed_v<Stored> && sizeof(T) == sizeof(Stored)) {
      if (value > static_cast<T>(std::numeric_limits<Stored>::max()))
        throw Error("Array: value ", i, " is ", value, ", which ", dtype_of<Stored>, " does not hold");
    }
    out[i] = static_cast<Stored>(value);
  }
  return array;
}

template <class T>
Array Array::from_pointer(const T* values, const Shape& shape) {
  const std::size_t count = element_count(shape);
  if (values == nullptr && count > 0) throw Error("Array: got a null pointer for the shape ", shape);
  return from_range<T>(values, count, shape);
}

template <class T, class>
Array::Array(std::initializer_list<std::initializer_list<T>> rows, Dtype dtype) {
  const std::size_t columns = rows.size() == 0 ? 0 : rows.begin()->size();
  std::vector<T> values;
  for (const auto& row : rows) {
    if (row.size() != columns) throw Error("Array: rows of ", columns, " and ", row.size(), " values");
    values.insert(values.end(), row.begin(), row.end());
  }
  *this = Array(values, Shape{rows.size(), columns}).astype(dtype);
}

template <class T, class>
Array::Array(std::initializer_list<std::initializer_list<std::initializer_list<T>>> blocks, Dtype dtype) {
  std::vector<T> values;
  Shape block_shape{0, 0};
  for (const auto& rows : blocks) {
    const Array block(rows);
    if (&rows != blocks.begin() && block.shape() != block_shape)
      throw Error("Array: blocks of shape ", block_shape, " and ", block.shape());
    block_shape = block.shape();
    for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  }
  *this = Array(values, Shape{blocks.size(), block_shape[0], block_shape[1]}).astype(dtype);
}

template <class T>
T Array::item() const {
  require_some("item");
  if (size_ != 1) throw Error("Array::item: expected one element, got ", *this);
  return *to_cpu_as(dtype_of<T>).template data<T>();
}

template <class T>
std::vector<T> Array::to_vector() const {
  require_some("to_vector");
  const Array converted = to_cpu_as(dtype_of<T>);
  const T* values = converted.data<T>();
  return std::vector<T>(values, values + size_);
}

}  // namespace tenbin
