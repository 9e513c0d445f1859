// NumPy's .npy format: one array, headed by a Python dict in text.
#pragma once

#include <string>

#include "tenbin/core/array.h"
#include "tenbin/core/file.h"

namespace tenbin::npy {

/// Reads an array, format versions 1.0 and 2.0. '<f4' '<f8' '<i4' '<i8' '|u1' keep their type; '|b1' becomes
/// uint8 and '|i1' int32. Arrays in Fortran order are transposed to row-major. Errors, starting with the
/// stream's label: any other dtype, by name; more than 8 axes; a header that is not exactly such a dict or
/// beyond 64 KiB; a shape that does not fit the number of bytes.
Array read(ByteStream& stream);

/// The bytes before the elements, as NumPy writes them in version 1.0.
std::string header(const Array& array);

}  // namespace tenbin::npy
