#include "tenbin/preprocessing/one_hot_encoder.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

using Columns = std::vector<std::size_t>;
using Categories = std::vector<double>;

// Orders NaN after all numbers and equal to itself, so that it can be a category.
bool precedes(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

// The index of a category; the number of categories if it is unknown.
std::size_t find(const Categories& categories, double value) {
  const auto found = std::lower_bound(categories.begin(), categories.end(), value, precedes);
  const bool is_there = found != categories.end() && !precedes(value, *found);
  return static_cast<std::size_t>((is_there ? found : categories.end()) - categories.begin());
}

bool are_ascending(const Categories& categories) {
  for (std::size_t i = 1; i < categories.size(); ++i)
    if (!precedes(categories[i - 1], categories[i])) return false;
  return true;
}

// The last part of the message about an unknown category.
const char* advice_for(double value) {
  return std::isnan(value) ? "; it is a missing value, as is an unseen category after Unknown::missing: "
                             "HandleUnknown::ignore makes it a row of zeros"
                           : "";
}

Columns checked_columns(const Array& x, Columns columns) {
  if (columns == Columns{all_columns}) {
    columns.resize(x.shape()[1]);
    std::iota(columns.begin(), columns.end(), std::size_t{0});
  }
  std::sort(columns.begin(), columns.end());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] >= x.shape()[1])
      throw Error("OneHotEncoder: column ", columns[i], " is out of range for ", x);
    if (i > 0 && columns[i] == columns[i - 1])
      throw Error("OneHotEncoder: column ", columns[i], " is named twice");
  }
  return columns;
}

}  // namespace

OneHotEncoder::OneHotEncoder(const Array& x, const OneHotEncoderOptions& options)
    : handle_unknown_(options.handle_unknown) {
  if (x.ndim() != 2 || x.shape()[0] == 0) throw Error("OneHotEncoder: expected rows with two axes, got ", x);
  columns_ = checked_columns(x, options.columns);
  const std::size_t rows = x.shape()[0], width = x.shape()[1];
  categories_.resize(width);
  const std::vector<double> values = x.to_vector<double>();
  for (const std::size_t c : columns_) {
    Categories& found = categories_[c];
    for (std::size_t i = 0; i < rows; ++i) found.push_back(values[i * width + c]);
    std::sort(found.begin(), found.end(), precedes);
    const auto same = [](double a, double b) { return !precedes(a, b); };
    found.erase(std::unique(found.begin(), found.end(), same), found.end());
  }
}

OneHotEncoder OneHotEncoder::load(const std::string& path) {
  OneHotEncoder encoder;
  load_npz(path, encoder);
  return encoder;
}

std::function<void()> OneHotEncoder::prepare_load(StateReader& reader) {
  const Array flags = read_array(reader, "columns"), unknown = read_array(reader, "handle_unknown");
  for (const auto& [key, array] : NamedArrays{{"columns", flags}, {"handle_unknown", unknown}})
    if (array.dtype() != Dtype::int64 || array.ndim() != 1)
      reader.fail(key, "expected int64 with one axis, got ", array);
  if (unknown.size() != 1 || (unknown.item() != 0 && unknown.item() != 1))
    reader.fail("handle_unknown", "expected 0 or 1");
  const std::vector<std::int64_t> is_categorical = flags.to_vector<std::int64_t>();
  OneHotEncoder encoder;
  encoder.categories_.resize(is_categorical.size());
  for (std::size_t c = 0; c < is_categorical.size(); ++c) {
    if (is_categorical[c] == 0) continue;
    if (is_categorical[c] != 1) reader.fail("columns", "expected 0 or 1, got ", is_categorical[c]);
    const std::string key = "categories/" + std::to_string(c);
    encoder.columns_.push_back(c);
    encoder.categories_[c] = read_numbers(reader, key);
    if (encoder.categories_[c].empty() || !are_ascending(encoder.categories_[c]))
      reader.fail(key, "expected categories in ascending order");
  }
  encoder.handle_unknown_ = unknown.item() == 0 ? HandleUnknown::error : HandleUnknown::ignore;
  return [this, encoder = std::move(encoder)] { *this = encoder; };
}

NamedArrays OneHotEncoder::save_state() const {
  std::vector<std::int64_t> is_categorical(categories_.size(), 0);
  for (const std::size_t c : columns_) is_categorical[c] = 1;
  NamedArrays arrays = {
      {"columns", Array(is_categorical)},
      {"handle_unknown", Array{std::int64_t{handle_unknown_ == HandleUnknown::error ? 0 : 1}}}};
  for (const std::size_t c : columns_)
    arrays.emplace_back("categories/" + std::to_string(c), Array(categories_[c]));
  return arrays;
}

std::size_t OneHotEncoder::n_columns_out() const {
  std::size_t count = categories_.size() - columns_.size();
  for (const std::size_t c : columns_) count += categories_[c].size();
  return count;
}

Array OneHotEncoder::transform(const Array& x) const {
  constexpr const char* function = "OneHotEncoder::transform";
  if (x.ndim() != 2 || x.shape()[1] != categories_.size())
    throw Error(function, ": expected ", categories_.size(), " columns as fitted, got ", x);
  const std::size_t rows = x.shape()[0], width = x.shape()[1], width_out = n_columns_out();
  const Array from = x.to(Device::cpu());
  Array out = Array::zeros({rows, width_out}, x.dtype() == Dtype::float64 ? Dtype::float64 : Dtype::float32);
  std::vector<bool> is_categorical(width);
  for (const std::size_t c : columns_) is_categorical[c] = true;
  visit(from.dtype(), [&](auto in) {
    visit_floating(out.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const auto* value = from.data<decltype(in)>();
      T* place = out.data<T>();
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t c = 0; c < width; ++c, ++value) {
          if (!is_categorical[c]) {
            *place++ = static_cast<T>(*value);
            continue;
          }
          const Categories& categories = categories_[c];
          const std::size_t category = find(categories, static_cast<double>(*value));
          if (category < categories.size()) {
            place[category] = 1;
          } else if (handle_unknown_ == HandleUnknown::error) {
            throw Error(function, ": x[", i, ", ", c, "] = ", +*value,
                        " is not a category of the training rows", advice_for(static_cast<double>(*value)));
          }
          place += categories.size();
        }
    });
  });
  return out.to(x.device());
}

}  // namespace tenbin
