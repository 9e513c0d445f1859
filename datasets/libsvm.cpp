#include "tenbin/datasets/libsvm.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "tenbin/datasets/detail/class_order.h"
#include "tenbin/datasets/detail/parse_number.h"
#include "tenbin/datasets/detail/text_file.h"

namespace tenbin {

namespace {

using detail::LineReader;
using detail::TextFile;

struct Feature {
  std::uint64_t index = 0;  // counted from 0
  double value = 0;
};

// Parses one line word by word.
class SampleReader {
 public:
  SampleReader(const LineReader& lines, std::string_view line, bool zero_based)
      : lines_(lines), rest_(line.substr(0, line.find('#'))), zero_based_(zero_based) {
    word_ = next_word();
  }

  // False: the line is blank.
  bool has_label() const { return !word_.empty(); }
  std::string_view label() {
    const std::optional<double> label = detail::to_number(word_);
    if (!label || !std::isfinite(*label))
      lines_.fail(word_.data(), "the label is not a number: ", shown(word_));
    return word_;
  }
  // False: the end of the line.
  bool next(Feature& feature);

 private:
  std::string_view next_word();
  static std::string shown(std::string_view word) { return printable(std::string(word.substr(0, 100))); }

  const LineReader& lines_;
  std::string_view rest_;
  const bool zero_based_;
  std::string_view word_;
  std::uint64_t least_ = 0;
};

std::string_view SampleReader::next_word() {
  constexpr const char* blanks = " \t";
  rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
  const std::string_view word = rest_.substr(0, rest_.find_first_of(blanks));
  rest_.remove_prefix(word.size());
  return word;
}

bool SampleReader::next(Feature& feature) {
  do {
    word_ = next_word();
    if (word_.empty()) return false;
  } while (word_.substr(0, 4) == "qid:");
  const std::size_t colon = word_.find(':');
  const char* const end = word_.data() + std::min(colon, word_.size());
  std::uint64_t index = 0;
  const auto [stop, error] = std::from_chars(word_.data(), end, index);
  if (colon == std::string_view::npos || stop != end || error != std::errc())
    lines_.fail(word_.data(), "expected index:value, got ", shown(word_));
  if (index == 0 && !zero_based_) lines_.fail(word_.data(), "index 0; the first is 1 unless `zero_based`");
  feature.index = zero_based_ ? index : index - 1;
  if (feature.index < least_) lines_.fail(word_.data(), "index ", index, " does not ascend");
  least_ = feature.index + 1;
  const std::string_view text = word_.substr(colon + 1);
  const std::optional<double> value = detail::to_number(text);
  if (!value) lines_.fail(text.data(), "the value is not a number: ", shown(text));
  feature.value = *value;
  return true;
}

// Calls `sample(reader, lines)` for every line that is not blank.
template <class Sample>
void for_each_sample(TextFile& file, bool zero_based, Sample&& sample) {
  file.rewind();
  LineReader lines(file);
  std::string_view line;
  while (lines.next(line)) {
    SampleReader reader(lines, line, zero_based);
    if (reader.has_label()) sample(reader, lines);
  }
}

struct Size {
  std::uint64_t rows = 0;
  std::uint64_t features = 0;
  std::uint64_t values = 0;
};

Size measure(TextFile& file, const LibsvmOptions& options) {
  Size size;
  for_each_sample(file, options.zero_based, [&](SampleReader& reader, const LineReader& lines) {
    reader.label();
    ++size.rows;
    for (Feature feature; reader.next(feature);) {
      if (options.n_features != 0 && feature.index >= options.n_features)
        throw Error(file.path(), ":", lines.number(),
                    ": a feature index exceeds `n_features` = ", options.n_features);
      size.features = std::max(size.features, feature.index + 1);
      ++size.values;
    }
  });
  if (options.n_features != 0) size.features = options.n_features;
  return size;
}

// Reads the samples whose size has been measured: calls `value(row, feature)` for every value, and `end(row)`
// after those of a row. Returns the labels.
template <class Value, class End>
Column read_samples(TextFile& file, const LibsvmOptions& options, const Size& size, Value&& value,
                    End&& end) {
  const auto rows = static_cast<std::size_t>(size.rows);
  Column labels{"label", Array::empty({rows}, Dtype::int32)};
  detail::Dictionary classes;
  std::size_t row = 0;
  std::uint64_t values = 0;
  const auto changed = [&] { throw Error(file.path(), ": the file changed while it was read"); };
  for_each_sample(file, options.zero_based, [&](SampleReader& reader, const LineReader&) {
    if (row == rows) changed();
    labels.values.data<std::int32_t>()[row] = classes.code(reader.label());
    for (Feature feature; reader.next(feature);) {
      if (feature.index >= size.features || ++values > size.values) changed();
      value(row, feature);
    }
    end(row);
    ++row;
  });
  if (row != rows || values != size.values) changed();
  labels.categories = classes.take();
  detail::order_classes(labels, options.positive, options.classes, file.path());
  return labels;
}

template <class T>
Table read_dense(TextFile& file, const LibsvmOptions& options, const Size& size) {
  const auto rows = static_cast<std::size_t>(size.rows);
  std::vector<Column> columns(static_cast<std::size_t>(size.features));
  std::vector<T*> values;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    columns[c] = {std::to_string(c + (options.zero_based ? 0 : 1)), Array::zeros({rows}, dtype_of<T>)};
    values.push_back(columns[c].values.template data<T>());
  }
  const auto put = [&](std::size_t row, const Feature& feature) {
    values[static_cast<std::size_t>(feature.index)][row] = static_cast<T>(feature.value);
  };
  columns.push_back(read_samples(file, options, size, put, [](std::size_t) {}));
  const std::size_t label = columns.size() - 1;
  return Table(std::move(columns), label, file.path());
}

template <class T>
SparseDataset read_sparse(TextFile& file, const LibsvmOptions& options, const Size& size) {
  const auto rows = static_cast<std::size_t>(size.rows);
  const auto count = static_cast<std::size_t>(size.values);
  Array data = Array::empty({count}, dtype_of<T>);
  Array indices = Array::empty({count}, Dtype::int32);
  Array indptr = Array::empty({rows + 1}, Dtype::int64);
  auto* const start = indptr.data<std::int64_t>();
  start[0] = 0;
  std::size_t next = 0;
  const auto put = [&](std::size_t, const Feature& feature) {
    data.data<T>()[next] = static_cast<T>(feature.value);
    indices.data<std::int32_t>()[next++] = static_cast<std::int32_t>(feature.index);
  };
  const auto end = [&](std::size_t row) { start[row + 1] = static_cast<std::int64_t>(next); };
  Column labels = read_samples(file, options, size, put, end);
  SparseDataset read(CsrMatrix(data, indices, indptr, {rows, static_cast<std::size_t>(size.features)}),
                     std::move(labels.values));
  read.classes = std::move(labels.categories);
  return read;
}

void require_floating(const LibsvmOptions& options, const char* function) {
  if (!is_floating(options.dtype))
    throw Error(function, ": expected float32 or float64, got ", to_string(options.dtype));
}

// Errors: there are no samples.
Size measured(TextFile& file, const LibsvmOptions& options) {
  const Size size = measure(file, options);
  if (size.rows == 0) throw Error(file.path(), ": there are no samples");
  return size;
}

}  // namespace

Table load_libsvm(const std::string& path, const LibsvmOptions& options) {
  require_floating(options, "load_libsvm");
  TextFile file(path);
  const Size size = measured(file, options);
  detail::check_dense_bytes(file, size.rows, size.features, options.dtype, options.max_bytes);
  return options.dtype == Dtype::float32 ? read_dense<float>(file, options, size)
                                         : read_dense<double>(file, options, size);
}

SparseDataset load_libsvm_sparse(const std::string& path, const LibsvmOptions& options) {
  constexpr std::uint64_t most = std::numeric_limits<std::int32_t>::max();
  require_floating(options, "load_libsvm_sparse");
  TextFile file(path);
  const Size size = measured(file, options);
  if (size.features > most) throw Error(path, ": expected at most ", most, " features, got ", size.features);
  return options.dtype == Dtype::float32 ? read_sparse<float>(file, options, size)
                                         : read_sparse<double>(file, options, size);
}

}  // namespace tenbin
