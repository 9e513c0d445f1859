#include "tenbin/datasets/idx.h"

#include <algorithm>
#include <cstring>

#include "tenbin/core/file.h"

namespace tenbin {

namespace {

struct ElementType {
  std::size_t stored_bytes = 0;
  Dtype dtype = Dtype::uint8;
};

ElementType element_type(unsigned code, const std::string& path) {
  switch (code) {
    case 0x08:
      return {1, Dtype::uint8};
    case 0x09:
      return {1, Dtype::int32};
    case 0x0B:
      return {2, Dtype::int32};
    case 0x0C:
      return {4, Dtype::int32};
    case 0x0D:
      return {4, Dtype::float32};
    case 0x0E:
      return {8, Dtype::float64};
    default:
      throw Error(path, ": the IDX file has elements of an unknown type ", code);
  }
}

Shape read_shape(ByteStream& stream, std::size_t ndim) {
  if (ndim > Shape::max_ndim)
    throw Error(stream.label(), ": an array has at most ", Shape::max_ndim, " axes, the IDX file has ", ndim);
  Shape shape;
  for (std::size_t axis = 0; axis < ndim; ++axis) {
    unsigned char b[4];
    stream.read(b, sizeof b);
    shape.push_back(static_cast<std::size_t>(b[0]) << 24 | static_cast<std::size_t>(b[1]) << 16 |
                    static_cast<std::size_t>(b[2]) << 8 | b[3]);
  }
  return shape;
}

// Signed bytes and shorts, big-endian.
Array widen(const Array& bytes, const Shape& shape, std::size_t item_bytes) {
  Array out = Array::empty(shape, Dtype::int32);
  const std::uint8_t* const from = bytes.data<std::uint8_t>();
  std::int32_t* const to = out.data<std::int32_t>();
  for (std::size_t i = 0; i < out.size(); ++i)
    to[i] = item_bytes == 1 ? static_cast<std::int8_t>(from[i])
                            : static_cast<std::int16_t>(from[2 * i] << 8 | from[2 * i + 1]);
  return out;
}

void reverse_bytes(Array& array) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "IDX is big-endian");
  const std::size_t bytes = item_size(array.dtype());
  if (bytes == 1) return;
  char* item = static_cast<char*>(array.raw_data());
  for (std::size_t i = 0; i < array.size(); ++i, item += bytes) std::reverse(item, item + bytes);
}

}  // namespace

Array load_idx(const std::string& path) {
  const InputFile file(path);
  if (file.size() == 0) throw Error(path, ": the file is empty");
  ByteStream stream(file, whole_file(file), path);

  unsigned char magic[4];
  stream.read(magic, sizeof magic);
  if (magic[0] != 0 || magic[1] != 0) throw Error(path, ": not an IDX file");
  const ElementType type = element_type(magic[2], path);
  const Shape shape = read_shape(stream, magic[3]);
  const std::uint64_t bytes = checked_bytes(shape, type.stored_bytes, path);
  stream.expect(bytes);

  const bool widened = type.stored_bytes != item_size(type.dtype);
  Array array = widened ? Array::empty({static_cast<std::size_t>(bytes)}, Dtype::uint8)
                        : Array::empty(shape, type.dtype);
  stream.read(array.raw_data(), array.nbytes());
  stream.finish();
  if (widened) return widen(array, shape, type.stored_bytes);
  reverse_bytes(array);
  return array;
}

}  // namespace tenbin
