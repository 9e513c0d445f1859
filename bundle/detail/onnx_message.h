// Messages in the wire format of Protocol Buffers, as far as ONNX needs it. Internal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tenbin::detail {

// A message whose fields are encoded in the order of the calls. Fields are named by their numbers, as in
// onnx.proto; repeated fields are added one by one.
class OnnxMessage {
 public:
  OnnxMessage& integer(int field, std::int64_t value);
  // Text, or the bytes of a tensor.
  OnnxMessage& bytes(int field, std::string_view value);
  OnnxMessage& message(int field, const OnnxMessage& value) { return bytes(field, value.encoded()); }

  // The fields of another message after these.
  OnnxMessage& append(const OnnxMessage& other);

  const std::string& encoded() const { return encoded_; }

 private:
  void varint(std::uint64_t value);

  std::string encoded_;
};

}  // namespace tenbin::detail
