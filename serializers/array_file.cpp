#include "tenbin/serializers/array_file.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace tenbin {

std::string detail::listed(const std::vector<std::string>& keys) {
  constexpr std::size_t most = 8;
  const std::size_t shown = keys.size() <= most + 1 ? keys.size() : most;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + printable(keys[i]);
  if (shown < keys.size()) text += " and " + std::to_string(keys.size() - shown) + " more";
  return keys.empty() ? "no keys" : text;
}

std::string pytorch_name(const std::string& key) {
  static const std::pair<const char*, const char*> names[] = {{"W", "weight"},
                                                              {"b", "bias"},
                                                              {"gamma", "weight"},
                                                              {"beta", "bias"},
                                                              {"avg_mean", "running_mean"},
                                                              {"avg_var", "running_var"},
                                                              {"N", "num_batches_tracked"}};
  const std::size_t end = key.rfind('/') + 1;  // 0 if there is no '/'
  std::string name = key.substr(0, end);
  std::replace(name.begin(), name.end(), '/', '.');
  const std::string last = key.substr(end);
  for (const auto& [own, pytorch] : names)
    if (last == own) return name + pytorch;
  return name + last;
}

std::string StateReader::file_key(const std::string& key) const {
  const std::string inside = inside_ + key;
  return options_.path + (options_.rename ? options_.rename(inside) : inside);
}

Array StateReader::read(const std::string& key) {
  asked_.push_back(file_key(key));
  if (options_.strict && !contains(key)) return file_->read(file_key(key));  // throws
  Array array = read_if_there(key);
  has_read_ = has_read_ || array;
  return array;
}

Array StateReader::read_if_there(const std::string& key) {
  const std::string full = file_key(key);
  const bool is_there = file_->contains(full);
  Array array = is_there ? file_->read(full) : Array();
  (is_there ? report_.loaded_keys : report_.missing_keys).push_back(full);
  return array;
}

void StateReader::require_like(const std::string& key, const Array& expected, const Array& got) const {
  if (got.shape() != expected.shape() || got.dtype() != expected.dtype())
    fail(key, "expected ", expected, ", got ", got);
}

LoadReport StateReader::report() const {
  if (!asked_.empty() && !has_read_)
    throw Error(source(), ": no requested key is in the file: requested ", detail::listed(asked_),
                "; the file has ", detail::listed(file_->keys()));
  LoadReport report = report_;
  const std::set<std::string_view> loaded(report.loaded_keys.begin(), report.loaded_keys.end());
  for (const std::string& key : file_->keys())
    if (key.compare(0, options_.path.size(), options_.path) == 0 && loaded.count(key) == 0)
      report.unexpected_keys.push_back(key);
  return report;
}

std::function<void()> detail::prepare_load(const NamedArrays& targets, StateReader& reader) {
  std::vector<std::pair<Array, Array>> pairs;  // to, from
  for (const auto& [key, target] : targets) {
    const Array values = reader.read(key);
    if (!values) continue;
    if (!target) reader.fail(key, "the array to load into is empty, the file has ", values);
    reader.require_like(key, target, values);
    pairs.emplace_back(target, values);
  }
  return [pairs = std::move(pairs)] {
    for (const auto& [target, values] : pairs) Array(target).assign(values);
  };
}

LoadReport detail::load_arrays(const ArrayFile& file, const NamedArrays& targets,
                               const LoadOptions& options) {
  StateReader reader(file, options);
  const auto put_in_place = prepare_load(targets, reader);
  LoadReport report = reader.report();
  put_in_place();
  return report;
}

}  // namespace tenbin
