#include "tenbin/serializers/detail/elements.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>

namespace tenbin {

namespace {

// IEEE 754's binary16: a sign, 5 bits of exponent with a bias of 15, 10 of fraction.
float from_half(std::uint64_t bits) {
  constexpr std::uint64_t infinite = 31;
  const std::uint64_t exponent = bits >> 10 & 31, fraction = bits & 1023;
  float magnitude = 0;
  if (exponent == infinite) {
    magnitude =
        fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction | 1024), static_cast<int>(exponent) - 25);
  }
  return (bits >> 15 & 1) != 0 ? -magnitude : magnitude;
}

// One element. A u8 keeps its bits and is checked later.
template <class T>
T decoded(const Elements& elements, const unsigned char* from) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < elements.bytes; ++i)
    bits |= std::uint64_t{from[elements.big_endian ? elements.bytes - 1 - i : i]} << 8 * i;
  if constexpr (std::is_floating_point_v<T>) {
    if (elements.kind == 'B')
      bits <<= 16;  // the upper half of a float32
    else if (elements.bytes == 2)
      return static_cast<T>(from_half(bits));
    T value{};
    const auto narrow = static_cast<std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>(bits);
    std::memcpy(&value, &narrow, sizeof value);
    return value;
  } else {
    const std::uint64_t sign = std::uint64_t{1} << (8 * elements.bytes - 1);
    if (elements.kind == 'i') bits = (bits ^ sign) - sign;
    return static_cast<T>(bits);
  }
}

// Reads elements whose layout in the file differs from that in memory.
void read_converted(ByteStream& stream, const Elements& elements, Array& array) {
  constexpr std::size_t chunk = 8192;
  const auto buffer = std::make_unique<unsigned char[]>(chunk * elements.bytes);
  visit(array.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* const to = array.data<T>();
    for (std::size_t begin = 0; begin < array.size(); begin += chunk) {
      const std::size_t count = std::min(chunk, array.size() - begin);
      stream.read(buffer.get(), count * elements.bytes);
      for (std::size_t i = 0; i < count; ++i)
        to[begin + i] = decoded<T>(elements, buffer.get() + i * elements.bytes);
    }
  });
}

}  // namespace

Array read_elements(ByteStream& stream, const Elements& elements, const Shape& shape) {
  stream.expect(checked_bytes(shape, elements.bytes, stream.label()));
  Array array = Array::empty(shape, elements.dtype);
  const bool as_in_memory = elements.bytes == item_size(elements.dtype) && !elements.big_endian;
  if (as_in_memory) {
    stream.read(array.raw_data(), array.nbytes());
  } else {
    read_converted(stream, elements, array);
  }
  stream.finish();
  return array;
}

// In int64, uint64 values above 2^63 - 1 are negative.
void require_fits(const Elements& elements, const Array& array, const std::string& label) {
  const bool may_overflow = elements.kind == 'u' && elements.bytes == item_size(Dtype::int64);
  if (!may_overflow) return;
  const std::int64_t* const value = array.data<std::int64_t>();
  const std::int64_t* const end = value + array.size();
  const std::int64_t* const bad = std::find_if(value, end, [](std::int64_t v) { return v < 0; });
  if (bad == end) return;
  throw Error(label, ": the value at ", unravel_index(static_cast<std::size_t>(bad - value), array.shape()),
              " is ", static_cast<std::uint64_t>(*bad), ", more than int64 can hold");
}

}  // namespace tenbin
