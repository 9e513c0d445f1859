// NumPy's .npy format: one array, headed by a Python dict in text.
#pragma once

#include <string>

#include "tenbin/core/array.h"
#include "tenbin/core/file.h"

namespace tenbin::npy {

/// Reads an array, format versions 1.0 and 2.0, little-endian ('<f4') or big-endian ('>f4'). f4 f8 i4 i8 u1
/// keep their type, the others are widened: b1 to uint8; i1 i2 u2 to int32; u4 u8 to int64; f2 to float32.
/// Arrays in Fortran order are transposed to row-major. Errors, starting with the stream's label: any other
/// dtype, named; a u8 value above 2^63 - 1, with its position; more than 8 axes; a header that is not exactly
/// such a dict or longer than 64 KiB; a shape that does not fit the number of bytes.
Array read(ByteStream& stream);

/// Reads a text: an array without axes of at most 255 bytes, '|S3' (NumPy: `numpy.array(b"csr")`). Errors:
/// any other dtype or shape, and those of `read`.
std::string read_text(ByteStream& stream);

/// Reads back what was written for `array` and discards it. Errors: another dtype or shape, and those of
/// `read`. The values are checked by the checksum of the archive.
void verify(ByteStream& stream, const Array& array);

/// The bytes before the elements, as NumPy writes them in version 1.0.
std::string header(const Array& array);
/// The same before the bytes of a text of 1 to 255 bytes.
std::string header(const std::string& text);

}  // namespace tenbin::npy
