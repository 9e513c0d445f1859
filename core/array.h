// The array that flows through the graph: type-erased, row-major, contiguous, on one device.
#pragma once

#include <initializer_list>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/core/device.h"
#include "tenbin/core/dtype.h"
#include "tenbin/core/memory.h"
#include "tenbin/core/reference.h"
#include "tenbin/core/shape.h"
#include "tenbin/core/small_vector.h"

namespace tenbin {

namespace detail {

struct Node;

// The memory behind one or more arrays; it dies with the last of them.
class Buffer {
 public:
  static Reference<Buffer> make(std::size_t bytes, Device device);

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  Device device() const { return device_; }
  std::uint32_t use_count() const { return references_.value(); }

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
};

}  // namespace detail

/// A dense array of runtime dtype. A copy of an Array shares the elements; `copy()` copies them. A default
/// constructed Array is "none" and converts to false.
///
///     Array x = {{1.f, 2.f}, {3.f, 4.f}};            // float32(2, 2): the dtype is the elements' C++ type
///     Array t({0, 1}, Dtype::int32);
///     Array w = Array::full({10}, 0.5);               // float32
///     float* p = x.data<float>();
class Array {
 public:
  Array() = default;

  /// From nested lists, up to three deep. Errors: rows of different lengths.
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Array(std::initializer_list<T> values, Dtype dtype = dtype_of<T>)
      : Array(from_range(values.begin(), values.size(), Shape{values.size()}).astype(dtype)) {}
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Array(std::initializer_list<std::initializer_list<T>> rows, Dtype dtype = dtype_of<T>);
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Array(std::initializer_list<std::initializer_list<std::initializer_list<T>>> blocks,
        Dtype dtype = dtype_of<T>);

  /// From a vector, as one axis or as `shape`. Errors: the number of values is not that of the shape.
  template <class T>
  explicit Array(const std::vector<T>& values) : Array(values, Shape{values.size()}) {}
  template <class T>
  Array(const std::vector<T>& values, const Shape& shape)
      : Array(from_range(values.data(), values.size(), shape)) {}

  /// Uninitialised elements.
  static Array empty(const Shape& shape, Dtype dtype = Dtype::float32, Device device = {});
  static Array empty_like(const Array& other) { return empty(other.shape(), other.dtype(), other.device()); }
  static Array full(const Shape& shape, double value, Dtype dtype = Dtype::float32, Device device = {});
  static Array zeros(const Shape& shape, Dtype dtype = Dtype::float32, Device device = {});
  static Array ones(const Shape& shape, Dtype dtype = Dtype::float32, Device device = {});
  static Array zeros_like(const Array& other) { return zeros(other.shape(), other.dtype(), other.device()); }
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
  void* raw_data() { return static_cast<char*>(buffer_ ? buffer_->data() : nullptr) + offset_; }
  const void* raw_data() const { return const_cast<Array*>(this)->raw_data(); }

  /// The value of an array of one element. Errors: any other size.
  template <class T = double>
  T item() const;
  /// All elements, converted to T, from any device.
  template <class T>
  std::vector<T> to_vector() const;

  /// The same elements under another shape, shared. Errors: the number of elements differs.
  Array reshape(const Shape& shape) const;
  /// Rows [begin, end) of the first axis, shared. Errors: no axis, or a range beyond it.
  Array slice(std::size_t begin, std::size_t end) const;

  Array copy() const;
  /// This array itself if it is there already, or has that dtype already; a converted copy otherwise.
  Array to(Device device) const;
  Array astype(Dtype dtype) const;

  void fill(double value);
  /// Adds an array of the same shape, dtype and device to this one, element by element, in place. Errors:
  /// they differ.
  void add(const Array& other);
  /// Copies the elements of an array of the same shape and dtype into this one's memory. Errors: they differ.
  void assign(const Array& other);

  /// True if no other Array shares the buffer and this one spans all of it: it may be reused in place.
  bool owns_buffer() const { return buffer_ && buffer_->use_count() == 1 && nbytes() == buffer_->bytes(); }
  bool shares_memory_with(const Array& other) const { return buffer_.get() == other.buffer_.get(); }

  /// The values as NumPy prints them, for people: `[[1, 2],\n [3, 4]]`; long axes are shortened.
  std::string to_string() const;

 private:
  friend struct detail::Node;

  template <class T>
  static Array from_range(const T* values, std::size_t count, const Shape& shape);
  void require_dtype(Dtype dtype) const {
    if (dtype != dtype_ || !buffer_) dtype_error(dtype);
  }
  [[noreturn]] void dtype_error(Dtype asked) const;
  Array to_cpu_as(Dtype dtype) const;
  void require_like(const Array& other, const char* function) const;
  // Becomes none, but remembers its shape and dtype.
  void drop_memory() { buffer_ = {}; }

  Reference<detail::Buffer> buffer_;
  std::size_t offset_ = 0;  // in bytes
  std::size_t size_ = 0;
  Shape shape_;
  Dtype dtype_ = Dtype::float32;
};

using Arrays = SmallVector<Array, 3>;

/// Arrays with their keys, `l1/W`: what a file of them holds, in its order.
using NamedArrays = std::vector<std::pair<std::string, Array>>;

/// Prints dtype and shape, `float32(8, 10)`: what error messages need. A default Array prints `none`.
std::ostream& operator<<(std::ostream& out, const Array& array);

// ----------------------------------------------------------------------------------------------------

template <class T>
Array Array::from_range(const T* values, std::size_t count, const Shape& shape) {
  if (element_count(shape) != count) throw Error("Array: ", count, " values do not fill the shape ", shape);
  Array array = empty(shape, dtype_of<T>);
  T* out = array.data<T>();
  for (std::size_t i = 0; i < count; ++i) out[i] = values[i];
  return array;
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
  if (size_ != 1) throw Error("Array::item: expected one element, got ", *this);
  return *to_cpu_as(dtype_of<T>).template data<T>();
}

template <class T>
std::vector<T> Array::to_vector() const {
  const Array converted = to_cpu_as(dtype_of<T>);
  const T* values = converted.data<T>();
  return std::vector<T>(values, values + size_);
}

}  // namespace tenbin
