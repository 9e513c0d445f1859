// Named columns, numeric or categorical: what a file of mixed data holds before it becomes a Dataset.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/datasets/dataset.h"

namespace tenbin {

/// One column of a Table.
struct Column {
  std::string name;
  /// Numeric: float64(N) or float32(N), NaN where a value is missing. Categorical: int32(N), places in
  /// `categories`, -1 where it is missing.
  Array values;
  /// The texts that a categorical column has; empty for a numeric one.
  std::vector<std::string> categories = {};
  /// Of a column that a loader took for text, since a value is not a number: the line of the first such
  /// value. 0: unknown, or a column that is text because `types` or another table says so.
  std::size_t text_line = 0;
  /// Of a label: two classes that may be one, as `"Yes" and "yes"`. `Table::labels` refuses them.
  std::string doubt = {};
  /// How those of the `categories` that are numbers are written: CsvOptions' marks.
  char decimal = '.';
  char thousands = '\0';

  bool is_categorical() const { return values.dtype() == Dtype::int32; }
};

/// What to do with missing values.
enum class Missing : unsigned char {
  error,  ///< an Error that names the first
  nan,    ///< NaN, also in the place of a category's number: for what is fitted on the training rows only
};

/// What to do with categorical columns among the features.
enum class Categories : unsigned char {
  error,  ///< an Error that names the first
  /// Their numbers: for an encoder, not for a network. A column that is text only because of a few odd
  /// values, while more than half of its values are numbers, stays an Error, which names the first: it would
  /// be thousands of categories. If it is meant, list it in `types` of `load_csv`.
  codes,
};

/// What `Table::like` does with values that the other table cannot have.
enum class Unknown : unsigned char {
  error,    ///< an Error that names the first
  missing,  ///< missing values
};

struct LikeOptions {
  Unknown unknown = Unknown::error;     ///< categories that the other table does not have
  Unknown unreadable = Unknown::error;  ///< text that is not a number, where the other table has numbers
};

struct FeaturesOptions {
  Missing missing = Missing::error;
  Categories categories = Categories::error;
};

/// The columns of a file. (pandas: `DataFrame`.) Its features are all columns but the label.
///
///     Table train = load_csv("train.csv", {.label = "Class"});
///     Table test = load_csv("test.csv", {.label = "Class"}).like(train);
///     Dataset data = train;                     // x float32(N, D), t int32(N)
///     train.classes();                          // the classes' names, in the order of t's numbers
class Table {
 public:
  /// The source goes before error messages. `label` is a place in `columns`. Errors: columns of different
  /// lengths, without values or of other dtypes; a label that is not categorical or does not exist.
  explicit Table(std::vector<Column> columns, std::optional<std::size_t> label = std::nullopt,
                 std::string source = "Table");

  /// The number of rows, N.
  std::size_t size() const { return columns_.empty() ? 0 : columns_[0].values.size(); }
  const std::vector<Column>& columns() const& { return columns_; }
  std::vector<Column> columns() && { return std::move(columns_); }
  /// Errors: no column, or more than one, has that name.
  const Column& operator[](const std::string& name) const;
  /// The column of the labels. Errors: there is none.
  const Column& label() const;
  bool has_label() const { return label_.has_value(); }
  /// The names of the classes: class c is classes()[c]. Errors: there is no label.
  const std::vector<std::string>& classes() const { return label().categories; }
  const std::string& source() const { return source_; }

  /// The same rows without some columns: numbers of customers, dates. Errors: there is no such column.
  Table without(const std::vector<std::string>& names) const;
  /// The same rows with the columns of `other`, in its order, and its numbers of the categories and classes:
  /// without this, two files whose categories differ give one class two numbers. (Of two classes that are
  /// texts, the rarer is class 1: which one that is, the training table decides.)
  ///
  /// A table without the label of `other`, as new data are, stays without. Numbers become categories where
  /// `other` has text: codes that happen to be digits in this file; categories become numbers where `other`
  /// has numbers. A category that `other` does not have is an error or missing as `unknown` says, text that
  /// is not a number as `unreadable` says; a class that `other` does not have is always an error. Errors:
  /// also a missing column; a number that two categories of `other` spell; a value that `other` does not have
  /// in a column that is text there because of a few odd values, see `Categories::codes`.
  ///
  ///     Table test = load_csv("test.csv").like(train, {.unknown = Unknown::missing});
  Table like(const Table& other, const LikeOptions& options = {}) const;

  /// The names of the features.
  std::vector<std::string> feature_names() const;
  /// Which columns of `features()` are categorical: what a one-hot encoder or SMOTE-NC takes.
  std::vector<std::size_t> categorical_features() const;
  /// float32(N, D). Errors: as the options say; a value that is infinite or beyond float32; no columns. A row
  /// in a message is counted from 0, without the header.
  Array features(const FeaturesOptions& options = {}) const;
  /// The classes' numbers, int32(N). Errors: there is no label, or a row without one; two classes that differ
  /// in case or blanks only, unless the loader was given all `classes`.
  Array labels() const;

  /// The features and the labels. Errors: those of `features` and `labels`.
  Dataset dataset(const FeaturesOptions& options = {}) const { return {features(options), labels()}; }
  // NOLINTNEXTLINE(google-explicit-constructor): a table that is good as it is needs no call.
  operator Dataset() const { return dataset(); }

 private:
  std::size_t find(const std::string& name) const;
  bool has(const std::string& name) const;
  std::vector<std::size_t> features_at() const;

  std::vector<Column> columns_;
  std::optional<std::size_t> label_;
  std::string source_;
};

namespace detail {

// `"a", "b", "c"`, shortened.
std::string listing(const std::vector<std::string>& names);

// The codes with new_codes[code] in the place of each, -1 as it is.
Array recode(const Array& codes, const std::vector<std::int32_t>& new_codes);

// Puts a column's categories in order and its codes after them: by value if all of them are numbers, by their
// bytes otherwise, so that the order of the rows does not matter.
void sort_categories(Column& column);

// The place of the column that `label` means: a name, or, if no column has it, a place from 0, or from the
// end as a negative number. Errors: `source: no column is named "Clas"; there are "a", "b", ...`, and
// `advice` behind it.
std::size_t find_label(const std::vector<std::string>& names, const std::string& label,
                       const std::string& source, const std::string& advice = "");

// Every distinct text's number, in the order of their first appearance.
class Dictionary {
 public:
  Dictionary();
  ~Dictionary();
  Dictionary(Dictionary&&) noexcept;
  Dictionary& operator=(Dictionary&&) noexcept;

  std::int32_t code(std::string_view text);
  std::vector<std::string> take();  // leaves it empty

 private:
  struct Entries;
  std::unique_ptr<Entries> entries_;
};

}  // namespace detail

}  // namespace tenbin
