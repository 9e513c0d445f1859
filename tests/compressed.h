// Compressed bytes for the tests of readers.
#pragma once

#include <zlib.h>

#include <string>

#include "tenbin/core/error.h"

namespace tenbin::testing {

/// Of zlib, with its `windowBits`.
inline std::string compressed(const std::string& content, int window_bits) {
  std::string out(::compressBound(content.size()) + 64, '\0');
  z_stream zlib{};
  if (::deflateInit2(&zlib, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error("compressed: zlib cannot start");
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  zlib.avail_in = static_cast<uInt>(content.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(out.size());
  const int result = ::deflate(&zlib, Z_FINISH);
  out.resize(zlib.total_out);
  ::deflateEnd(&zlib);
  if (result != Z_STREAM_END) throw Error("compressed: zlib has not finished");
  return out;
}

/// A gzip file of one member.
inline std::string gzip_of(const std::string& content) { return compressed(content, MAX_WBITS + 16); }

/// The data of a zip entry.
inline std::string deflated(const std::string& content) { return compressed(content, -MAX_WBITS); }

}  // namespace tenbin::testing
