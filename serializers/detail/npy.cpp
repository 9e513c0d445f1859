#include "tenbin/serializers/detail/npy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "tenbin/serializers/detail/elements.h"

namespace tenbin::npy {

namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "elements are read and written as they are stored in memory");

constexpr char magic[] = "\x93NUMPY";
constexpr std::size_t magic_bytes = 6;
constexpr std::size_t longest_header = 1 << 16;

struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

// A strict parser of the dict that NumPy writes: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(const std::string& text, const std::string& label) : text_(text), label_(label) {}

  Header parse() {
    Header header;
    bool seen[3] = {};
    require('{');
    while (!accept('}')) {
      const std::string key = quoted();
      require(':');
      const std::size_t which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
      if (which == 3 || seen[which]) fail();
      seen[which] = true;
      if (which == 0) header.descr = descr();
      if (which == 1) header.fortran_order = boolean();
      if (which == 2) header.shape = shape();
      if (accept(',')) continue;
      require('}');
      break;
    }
    skip_space();
    if (position_ != text_.size() || !seen[0] || !seen[1] || !seen[2]) fail();
    return header;
  }

 private:
  [[noreturn]] void fail() const { throw Error(label_, ": not a .npy header: ", printable(text_)); }

  void skip_space() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) ++position_;
  }
  bool accept(char character) {
    skip_space();
    if (position_ == text_.size() || text_[position_] != character) return false;
    ++position_;
    return true;
  }
  void require(char character) {
    if (!accept(character)) fail();
  }
  bool accept_word(const char* word) {
    skip_space();
    if (text_.compare(position_, std::strlen(word), word) != 0) return false;
    position_ += std::strlen(word);
    return true;
  }
  std::string quoted() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') require(quote);
    const std::size_t end = text_.find(quote, position_);
    if (end == std::string::npos) fail();
    std::string value = text_.substr(position_, end - position_);
    position_ = end + 1;
    return value;
  }
  std::string descr() {
    if (accept('[')) throw Error(label_, ": structured dtypes are not supported");
    return quoted();
  }
  bool boolean() {
    if (accept_word("True")) return true;
    if (!accept_word("False")) fail();
    return false;
  }
  std::size_t length() {
    skip_space();
    const std::size_t begin = position_;
    std::size_t value = 0;
    while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
      const auto digit = static_cast<std::size_t>(text_[position_++] - '0');
      if (__builtin_mul_overflow(value, std::size_t{10}, &value) ||
          __builtin_add_overflow(value, digit, &value))
        throw Error(label_, ": the shape is too large: ", printable(text_));
    }
    if (position_ == begin) fail();
    return value;
  }
  Shape shape() {
    Shape shape;
    require('(');
    bool comma = true;
    while (!accept(')')) {
      if (!comma) fail();
      const std::size_t value = length();
      if (shape.size() == Shape::max_ndim)
        throw Error(label_, ": an array has at most ", Shape::max_ndim, " axes: ", printable(text_));
      shape.push_back(value);
      comma = accept(',');
    }
    if (shape.size() == 1 && !comma) fail();  // "(3)" is a number in Python
    return shape;
  }

  const std::string& text_;
  const std::string& label_;
  std::size_t position_ = 0;
};

Header read_header(ByteStream& stream) {
  std::array<unsigned char, magic_bytes + 4> start{};
  stream.read(start.data(), start.size());
  const unsigned version = start[magic_bytes];
  if (std::memcmp(start.data(), magic, magic_bytes) != 0) throw Error(stream.label(), ": not a .npy array");
  if ((version != 1 && version != 2) || start[magic_bytes + 1] != 0)
    throw Error(stream.label(), ": .npy version ", version, '.', +start[magic_bytes + 1],
                " is not supported");
  std::size_t bytes = start[8] | static_cast<std::size_t>(start[9]) << 8;
  if (version == 2) {
    unsigned char high[2];
    stream.read(high, sizeof high);
    bytes |= static_cast<std::size_t>(high[0]) << 16 | static_cast<std::size_t>(high[1]) << 24;
  }
  if (bytes > longest_header)
    throw Error(stream.label(), ": the .npy header of ", bytes, " bytes is too long");
  std::string text(bytes, '\0');
  stream.read(text.data(), bytes);
  return HeaderParser(text, stream.label()).parse();
}

// The dtypes in memory for the dtypes in the file, by kind and bytes.
struct ElementType {
  const char* name;
  Dtype dtype;
};
constexpr ElementType element_types[] = {
    {"f4", Dtype::float32}, {"f8", Dtype::float64}, {"i4", Dtype::int32}, {"i8", Dtype::int64},
    {"u1", Dtype::uint8},   {"b1", Dtype::uint8},   {"i1", Dtype::int32}, {"i2", Dtype::int32},
    {"u2", Dtype::int32},   {"u4", Dtype::int64},   {"u8", Dtype::int64}, {"f2", Dtype::float32},
};

Elements elements_of(const std::string& descr, const std::string& label) {
  for (const ElementType& type : element_types) {
    const bool is_byte = type.name[1] == '1';
    if (descr.size() != 3 || descr.compare(1, 2, type.name) != 0) continue;
    if (is_byte ? descr[0] != '|' : descr[0] != '<' && descr[0] != '>') continue;
    return {type.name[0], static_cast<std::size_t>(type.name[1] - '0'), descr[0] == '>', type.dtype};
  }
  throw Error(label, ": dtype '", printable(descr), "' is not supported");
}

std::string descr_of(Dtype dtype) {
  const char* const kind = is_floating(dtype) ? "<f" : dtype == Dtype::uint8 ? "|u" : "<i";
  return kind + std::to_string(item_size(dtype));
}

Array from_fortran_order(const Array& array) {
  Array out = Array::empty_like(array);
  const Shape& shape = array.shape();
  const std::size_t bytes = item_size(array.dtype());
  const char* from = static_cast<const char*>(array.raw_data());
  Shape strides = shape;  // of the result, in bytes
  std::size_t stride = bytes;
  for (std::size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) strides[axis] = stride;
  Shape index = shape;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) index[axis] = 0;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < array.size(); ++i, from += bytes) {
    std::memcpy(static_cast<char*>(out.raw_data()) + offset, from, bytes);
    // The first axis is contiguous.
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      offset += strides[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return out;
}

std::string header(const std::string& descr, const Shape& shape) {
  constexpr std::size_t alignment = 64;
  std::string dict = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i) dict += (i == 0 ? "" : " ") + std::to_string(shape[i]) + ',';
  if (shape.size() > 1) dict.pop_back();
  dict += "), }";
  const std::size_t used = magic_bytes + 4 + dict.size() + 1;
  dict.append((alignment - used % alignment) % alignment, ' ');
  dict += '\n';
  std::string bytes(magic, magic_bytes);
  bytes += {'\1', '\0', static_cast<char>(dict.size() & 255), static_cast<char>(dict.size() >> 8)};
  return bytes + dict;
}

constexpr std::size_t longest_text = 255;

std::string text_descr(std::size_t length) { return "|S" + std::to_string(length); }

}  // namespace

Array read(ByteStream& stream) {
  const Header header = read_header(stream);
  const Elements elements = elements_of(header.descr, stream.label());
  Array array = read_elements(stream, elements, header.shape);
  if (header.fortran_order && header.shape.size() > 1) array = from_fortran_order(array);
  require_fits(elements, array, stream.label());
  return array;
}

void verify(ByteStream& stream, const Array& array) {
  const Header header = read_header(stream);
  if (header.descr != descr_of(array.dtype()) || header.shape != array.shape() || header.fortran_order)
    throw Error(stream.label(), ": expected ", array, ", got ", printable(header.descr), header.shape);
  std::uint64_t left = array.nbytes();
  stream.expect(left);
  constexpr std::size_t chunk = 1 << 16;
  const auto buffer = std::make_unique<unsigned char[]>(chunk);
  while (left > 0) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left, chunk));
    stream.read(buffer.get(), part);
    left -= part;
  }
  stream.finish();
}

std::string header(const Array& array) { return header(descr_of(array.dtype()), array.shape()); }

std::string read_text(ByteStream& stream) {
  const Header header = read_header(stream);
  std::size_t length = 0;
  for (std::size_t l = 1; l <= longest_text && length == 0; ++l)
    if (header.descr == text_descr(l)) length = l;
  if (length == 0 || !header.shape.empty())
    throw Error(stream.label(), ": expected a text such as '|S3' without axes, got '",
                printable(header.descr), "' ", header.shape);
  stream.expect(length);
  std::string text(length, '\0');
  stream.read(text.data(), length);
  stream.finish();
  return text.substr(0, text.find_last_not_of('\0') + 1);  // NumPy pads with NUL
}

std::string header(const std::string& text) { return header(text_descr(text.size()), Shape()); }

}  // namespace tenbin::npy
