#include "tenbin/training/detail/saved_values.h"

#include "tenbin/serializers/state.h"

namespace tenbin::detail {

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

std::vector<double> read_numbers(StateReader& reader, const std::string& key) {
  const Array array = reader.read(key);
  if (!array || array.dtype() != Dtype::float64 || array.ndim() != 1)
    reader.fail(key, "expected float64 of one axis, got ", array);
  return array.to_vector<double>();
}

}  // namespace tenbin::detail
