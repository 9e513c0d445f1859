// FNV-1a: a hash of bytes with the same value on every machine, for checksums that are stored.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenbin::detail {

// The hash of 64 bits (Fowler, Noll and Vo) of all bytes that were added.
class Fnv1a {
 public:
  void add(const void* from, std::size_t bytes) {
    const auto* const byte = static_cast<const unsigned char*>(from);
    for (std::size_t i = 0; i < bytes; ++i) value_ = (value_ ^ byte[i]) * 0x100000001b3u;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace tenbin::detail
