#include "tenbin/bundle/detail/onnx_message.h"

namespace tenbin::detail {

namespace {

constexpr std::uint64_t varint_type = 0, length_type = 2;

std::uint64_t tag(int field, std::uint64_t type) { return static_cast<std::uint64_t>(field) << 3 | type; }

}  // namespace

// 7 bits per byte, the lowest first; the highest bit says that more follow.
void OnnxMessage::varint(std::uint64_t value) {
  for (; value > 127; value >>= 7) encoded_ += static_cast<char>(value | 128);
  encoded_ += static_cast<char>(value);
}

OnnxMessage& OnnxMessage::integer(int field, std::int64_t value) {
  varint(tag(field, varint_type));
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

OnnxMessage& OnnxMessage::bytes(int field, std::string_view value) {
  varint(tag(field, length_type));
  varint(value.size());
  encoded_ += value;
  return *this;
}

OnnxMessage& OnnxMessage::append(const OnnxMessage& other) {
  encoded_ += other.encoded_;
  return *this;
}

}  // namespace tenbin::detail
