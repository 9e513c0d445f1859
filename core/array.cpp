#include "tenbin/core/array.h"

#include <cstring>
#include <iomanip>

#include "tenbin/core/detail/accelerator.h"

namespace tenbin {

namespace detail {

namespace {

// On the CPU the elements follow their header in the same block.
constexpr std::size_t header_bytes = memory::alignment;

}  // namespace

Reference<Buffer> Buffer::make(std::size_t bytes, Device device) {
  static_assert(sizeof(Buffer) <= header_bytes);
  char* const block = static_cast<char*>(memory::allocate(header_bytes + (device.is_cpu() ? bytes : 0)));
  void* data = block + header_bytes;
  if (!device.is_cpu()) {
    try {
      data = accelerator::allocate(bytes, device.index);
    } catch (...) {
      memory::release(block, header_bytes);
      throw;
    }
  }
  return Reference<Buffer>(::new (static_cast<void*>(block)) Buffer(data, bytes, device));
}

void Buffer::destroy() {
  const bool on_cpu = device_.is_cpu();
  if (!on_cpu) accelerator::release(data_, bytes_, device_.index);
  const std::size_t block_bytes = header_bytes + (on_cpu ? bytes_ : 0);
  this->~Buffer();
  memory::release(this, block_bytes);
}

}  // namespace detail

namespace {

void copy_bytes(Array& to, const Array& from) {
  if (from.nbytes() == 0) return;
  if (to.device().is_cpu() && from.device().is_cpu()) {
    std::memcpy(to.raw_data(), from.raw_data(), from.nbytes());
  } else {
    accelerator::copy(to.raw_data(), to.device(), from.raw_data(), from.device(), from.nbytes());
  }
}

}  // namespace

Array Array::empty(const Shape& shape, Dtype dtype, Device device) {
  Array array;
  array.size_ = element_count(shape);
  array.shape_ = shape;
  array.dtype_ = dtype;
  array.buffer_ = detail::Buffer::make(array.nbytes(), device);
  return array;
}

Array Array::full(const Shape& shape, double value, Dtype dtype, Device device) {
  Array array = empty(shape, dtype, device);
  array.fill(value);
  return array;
}

Array Array::zeros(const Shape& shape, Dtype dtype, Device device) { return full(shape, 0, dtype, device); }

Array Array::ones(const Shape& shape, Dtype dtype, Device device) { return full(shape, 1, dtype, device); }

Array Array::arange(std::size_t count, Dtype dtype) {
  Array array = empty({count}, dtype);
  visit(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* out = array.data<T>();
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<T>(i);
  });
  return array;
}

Array Array::reshape(const Shape& shape) const {
  require_some("reshape");
  if (element_count(shape) != size_)
    throw Error("Array::reshape: the size of ", *this, " does not match the shape ", shape);
  Array view = *this;
  view.shape_ = shape;
  return view;
}

Array Array::slice(std::size_t begin, std::size_t end) const {
  require_some("slice");
  if (ndim() == 0 || begin > end || end > shape_[0])
    throw Error("Array::slice: no rows [", begin, ", ", end, ") in ", *this);
  Array view = *this;
  view.shape_[0] = end - begin;
  view.size_ = element_count(view.shape_);
  if (view.size_ > 0) view.offset_ += begin * (view.nbytes() / (end - begin));
  return view;
}

Array Array::element(std::initializer_list<std::int64_t> indices) const {
  require_some("at");
  if (indices.size() != ndim())
    throw Error("Array::at: expected ", ndim(), " indices for ", *this, ", got ", indices.size());
  std::size_t position = 0;
  std::size_t axis = 0;
  for (const std::int64_t index : indices) {
    const std::size_t length = shape_[axis];
    if (index < 0 || static_cast<std::size_t>(index) >= length)
      throw Error("Array::at: index ", index, " is out of range for axis ", axis, " of ", *this);
    position = position * length + static_cast<std::size_t>(index);
    ++axis;
  }
  Array view = *this;
  view.shape_ = {};
  view.size_ = 1;
  view.offset_ += position * item_size(dtype_);
  return view;
}

Array Array::copy() const {
  if (!buffer_) return {};
  Array other = empty_like(*this);
  copy_bytes(other, *this);
  return other;
}

Array Array::to(Device device) const {
  if (!buffer_ || device == this->device()) return *this;
  Array other = empty(shape_, dtype_, device);
  copy_bytes(other, *this);
  return other;
}

Array Array::astype(Dtype dtype) const {
  if (!buffer_ || dtype == dtype_) return *this;
  Array other = empty(shape_, dtype, device());
  if (!device().is_cpu()) {
    accelerator::convert(other, *this);
    return other;
  }
  visit(dtype_, [&](auto from_zero) {
    visit(dtype, [&](auto to_zero) {
      using From = decltype(from_zero);
      using To = decltype(to_zero);
      const From* in = data<From>();
      To* out = other.data<To>();
      for (std::size_t i = 0; i < size_; ++i) out[i] = static_cast<To>(in[i]);
    });
  });
  return other;
}

void Array::fill(double value) {
  require_some("fill");
  buffer_->mark_changed();
  if (!device().is_cpu()) {
    accelerator::fill(*this, value);
    return;
  }
  visit(dtype_, [&](auto zero) {
    using T = decltype(zero);
    T* out = data<T>();
    const T element = static_cast<T>(value);
    for (std::size_t i = 0; i < size_; ++i) out[i] = element;
  });
}

void Array::assign(const Array& other) {
  require_like(other, "assign");
  buffer_->mark_changed();
  copy_bytes(*this, other);
}

void Array::add(const Array& other) {
  require_like(other, "add");
  if (other.device() != device()) throw Error("Array::add: expected ", *this, ", got ", other);
  buffer_->mark_changed();
  if (!device().is_cpu()) {
    accelerator::add(*this, other);
    return;
  }
  visit(dtype_, [&](auto zero) {
    using T = decltype(zero);
    T* to = data<T>();
    const T* from = other.data<T>();
    for (std::size_t i = 0; i < size_; ++i) to[i] = static_cast<T>(to[i] + from[i]);
  });
}

void Array::require_like(const Array& other, const char* call) const {
  require_some(call);
  if (other.shape_ != shape_ || other.dtype_ != dtype_ || !other)
    throw Error("Array::", call, ": expected ", *this, ", got ", other);
}

Array Array::to_cpu_as(Dtype dtype) const { return to(Device::cpu()).astype(dtype); }

void Array::dtype_error(Dtype asked) const {
  require_some("data");
  throw Error("Array::data: asked for ", asked, ", the array is ", *this);
}

namespace {

constexpr std::size_t long_array = 1000;  // NumPy's print threshold
constexpr std::size_t edge_items = 3;

template <class T>
void print_values(std::ostream& out, const T* values, const Shape& shape, std::size_t axis, bool shorten) {
  if (axis == shape.size()) {
    out << +*values;
    return;
  }
  std::size_t stride = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) stride *= shape[i];
  out << '[';
  for (std::size_t i = 0; i < shape[axis]; ++i) {
    if (i > 0) out << ',' << (axis + 1 == shape.size() ? " " : "\n" + std::string(axis + 1, ' '));
    if (shorten && shape[axis] > 2 * edge_items && i == edge_items) {
      out << "...";
      i = shape[axis] - edge_items - 1;
      continue;
    }
    print_values(out, values + i * stride, shape, axis + 1, shorten);
  }
  out << ']';
}

}  // namespace

std::string Array::to_string() const {
  if (!buffer_) return "none";
  if (size_ == 0) return "[]";
  const Array host = to(Device::cpu());
  detail::TextStream out;
  out << std::setprecision(8);
  visit(dtype_,
        [&](auto zero) { print_values(out, host.data<decltype(zero)>(), shape_, 0, size_ > long_array); });
  return out.str();
}

std::ostream& operator<<(std::ostream& out, const Array& array) {
  if (!array) return out << "none";
  detail::TextStream text;
  text << array.dtype() << array.shape();
  if (!array.device().is_cpu()) text << '@' << array.device();
  return out << text.str();
}

}  // namespace tenbin
