#include "tenbin/comparison/detail/coded_rows.h"

#include <algorithm>

namespace tenbin::detail {

CodedRows::CodedRows(const Dataset& rows, std::vector<FeatureRange> one_hot)
    : one_hot_(std::move(one_hot)), columns_(rows.x.shape()[1]) {
  const float* x = rows.x.data<float>();
  std::vector<float> values;
  for (std::size_t row = 0; row < rows.size(); ++row, x += columns_) code(x, values);
  coded_ = Dataset(Array(values, {rows.size(), values.size() / rows.size()}), rows.t);
}

std::vector<std::size_t> CodedRows::categorical() const {
  std::vector<std::size_t> at;
  const std::size_t width = coded_.x.shape()[1];
  for (std::size_t c = width - one_hot_.size(); c < width; ++c) at.push_back(c);
  return at;
}

Dataset CodedRows::decoded(const Dataset& rows) const {
  const std::size_t width = rows.x.shape()[1];
  Array x = Array::zeros({rows.size(), columns_});
  for (std::size_t row = 0; row < rows.size(); ++row)
    decode(rows.x.data<float>() + row * width, x.data<float>() + row * columns_);
  Dataset decoded(x, rows.t);
  decoded.resampled_by = rows.resampled_by;
  return decoded;
}

void CodedRows::code(const float* x, std::vector<float>& values) const {
  std::size_t next = 0;
  for (const FeatureRange& range : one_hot_) {
    values.insert(values.end(), x + next, x + range.begin);
    next = range.end;
  }
  values.insert(values.end(), x + next, x + columns_);
  for (const FeatureRange& range : one_hot_) {
    const float* const at = std::find(x + range.begin, x + range.end, 1.0f);
    values.push_back(at == x + range.end ? -1.0f : static_cast<float>(at - (x + range.begin)));
  }
}

void CodedRows::decode(const float* values, float* x) const {
  std::size_t next = 0;
  for (const FeatureRange& range : one_hot_) {
    std::copy_n(values, range.begin - next, x + next);
    values += range.begin - next;
    next = range.end;
  }
  std::copy_n(values, columns_ - next, x + next);
  values += columns_ - next;
  for (const FeatureRange& range : one_hot_) {
    const float code = *values++;
    if (code >= 0) x[range.begin + static_cast<std::size_t>(code)] = 1;
  }
}

}  // namespace tenbin::detail
