#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

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

Array names_state(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) (text += name) += '\0';
  return text_state(text);
}

std::vector<std::string> read_names(StateReader& reader, const std::string& key) {
  const std::string text = read_text(reader, key);
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\0', begin);
    if (end == std::string::npos) reader.fail(key, "the last name does not end");
    names.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

Array read_array(StateReader& reader, const std::string& key) {
  Array values = reader.read(key);
  if (!values) reader.fail(key, "there is no such key");
  return values;
}

std::vector<double> read_numbers(StateReader& reader, const std::string& key) {
  const Array values = read_array(reader, key);
  if (values.dtype() != Dtype::float64 || values.ndim() != 1)
    reader.fail(key, "expected float64 of one axis, got ", values);
  return values.to_vector<double>();
}

}  // namespace tenbin
