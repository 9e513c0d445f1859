// The elements of an array in a file, whose layout can differ from that in memory.
#pragma once

#include <cstddef>
#include <string>

#include "tenbin/core/array.h"
#include "tenbin/core/file.h"

namespace tenbin {

/// A layout in a file: 'f', 'i', 'u' as in NumPy's dtypes, 'b' for bool, or 'B' for bfloat16; and the dtype
/// in memory.
struct Elements {
  char kind;
  std::size_t bytes;
  bool big_endian;
  Dtype dtype;
};

/// The rest of a stream as an array. Errors: its number of bytes is not that of the shape.
Array read_elements(ByteStream& stream, const Elements& elements, const Shape& shape);

/// Errors: an element of uint64 that int64 cannot hold, with its position.
void require_fits(const Elements& elements, const Array& array, const std::string& label);

}  // namespace tenbin
