#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

Array read_array(StateReader& reader, const std::string& key) {
  Array values = reader.read(key);
  if (!values) reader.fail(key, "there is no such key");
  return values;
}

// An array without axes. Array::scalar takes a double, which does not hold every integer.
template <class T>
Array scalar_of(T value) {
  return Array(&value, Shape{});
}

template <class T>
T read_scalar(StateReader& reader, const std::string& key) {
  const Array values = read_array(reader, key);
  if (values.dtype() != dtype_of<T> || values.ndim() != 0)
    reader.fail(key, "expected ", scalar_of(T{}), ", got ", values);
  return values.item<T>();
}

}  // namespace

Array integer_state(std::int64_t value) { return scalar_of(value); }
Array seed_state(std::uint64_t value) { return scalar_of(static_cast<std::int64_t>(value)); }
Array number_state(double value) { return scalar_of(value); }
Array text_state(const std::string& text) {
  return Array(std::vector<std::uint8_t>(text.begin(), text.end()));
}

std::int64_t read_integer(StateReader& reader, const std::string& key) {
  return read_scalar<std::int64_t>(reader, key);
}

std::uint64_t read_seed(StateReader& reader, const std::string& key) {
  return static_cast<std::uint64_t>(read_integer(reader, key));
}

double read_number(StateReader& reader, const std::string& key) { return read_scalar<double>(reader, key); }

std::string read_text(StateReader& reader, const std::string& key) {
  const Array bytes = read_array(reader, key);
  if (bytes.dtype() != Dtype::uint8 || bytes.ndim() != 1)
    reader.fail(key, "expected text in uint8, got ", bytes);
  const auto text = bytes.to_vector<std::uint8_t>();
  return std::string(text.begin(), text.end());
}

}  // namespace tenbin
