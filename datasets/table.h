// Named columns, numeric or categorical: the content of a file with mixed data before it becomes a Dataset.
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
  /// Numeric: float64(N) or float32(N), NaN where a value is missing. Categorical: int32(N), indices into
  /// `categories`, -1 where a value is missing.
  Array values;
  /// The texts of a categorical column; empty for a numeric one.
  std::vector<std::string> categories = {};
  /// For a column that a loader made categorical because a value is not a number: the line of the first such
  /// value. 0: unknown, or the column is text because `types` or another table says so.
  std::size_t text_line = 0;
  /// For a label: two classes that may be one, as `"Yes" and "yes"`. `Table::labels` refuses them.
  std::string doubt = {};
  /// The number format of those `categories` that are numbers: the marks of CsvOptions.
  char decimal = '.';
  char thousands = '\0';

  bool is_categorical() const { return values.dtype() == Dtype::int32; }
};

/// How missing values are treated.
enum class Missing : unsigned char {
  error,  ///< an Error that names the first
  nan,    ///< NaN, also for a missing category: for transformers that are fitted on the training rows only
};

/// How categorical columns among the features are treated.
enum class Categories : unsigned char {
  error,  ///< an Error that names the first
  /// Their codes: as input of an encoder, not of a network. A column that is text only because of a few odd
  /// values, while more than half of its values are numbers, is still an Error, which names the first odd
  /// value: the column would have thousands of categories. If it is meant to be text, list it in `types` of
  /// `load_csv`.
  codes,
};

/// How `Table::like` treats values that the other table cannot have.
enum class Unknown : unsigned char {
  error,    ///< an Error that names the first
  missing,  ///< they become missing values
};

struct LikeOptions {
  Unknown unknown = Unknown::error;     ///< categories that the other table does not have
  Unknown unreadable = Unknown::error;  ///< text that is not a number, where the other table has numbers
};

struct FeaturesOptions {
  Missing missing = Missing::error;
  Categories categories = Categories::error;
};

/// The columns of a file. (pandas: `DataFrame`.) The features are all columns except the label.
///
///     Table train = load_csv("train.csv", {.label = "Class"});
///     Table test = load_csv("test.csv", {.label = "Class"}).like(train);
///     Dataset data = train;                     // x float32(N, D), t int32(N)
///     train.classes();                          // the classes' names, in the order of t's numbers
class Table {
 public:
  /// `source` starts error messages. `label` is an index into `columns`. Errors: columns of different
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

  /// The same rows without some columns, such as customer numbers or dates. Errors: a column does not exist.
  Table without(const std::vector<std::string>& names) const;
  /// The same rows with the columns of `other`, in its order, and with its codes of categories and classes.
  /// Without this, two files with different categories give one class two numbers. (If the classes are two
  /// texts, the rarer is class 1: the training table decides which one that is.)
  ///
  /// If this table lacks the label of `other`, as new data do, the result has no label. Numbers become
  /// categories where `other` has text: codes that are all digits in this file; categories become numbers
  /// where `other` has numbers. A category that `other` does not have is an error or missing, as `unknown`
  /// says; text that is not a number, as `unreadable` says; a class that `other` does not have is always an
  /// error. Errors: also a missing column; a number that two categories of `other` spell; a value that
  /// `other` does not have in a column that is text there because of a few odd values, see
  /// `Categories::codes`.
  ///
  ///     Table test = load_csv("test.csv").like(train, {.unknown = Unknown::missing});
  Table like(const Table& other, const LikeOptions& options = {}) const;

  /// The names of the features.
  std::vector<std::string> feature_names() const;
  /// The indices in `features()` of the categorical columns: the argument of a one-hot encoder or of
  /// SMOTE-NC.
  std::vector<std::size_t> categorical_features() const;
  /// float32(N, D). Errors: missing values and categories as the options say; a value that is infinite or
  /// beyond float32; no columns. Messages count rows from 0, without the header.
  Array features(const FeaturesOptions& options = {}) const;
  /// The class numbers, int32(N). Errors: there is no label, or a row without one; two classes that differ in
  /// case or blanks only, unless the loader was given all `classes`.
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

// `row 47 (counted from 0, without the header)`
std::string row_text(std::size_t row);

// The codes replaced by new_codes[code]; -1 stays.
Array recode(const Array& codes, const std::vector<std::int32_t>& new_codes);

// Sorts a column's categories and renumbers its codes: by value if all categories are numbers, by their bytes
// otherwise, so that the order of the rows does not matter.
void sort_categories(Column& column);

// The index of the column that `label` means: a name, or, if no column has it, an index from 0, or from the
// end if negative. Errors: `source: no column is named "Clas"; there are "a", "b", ...`, followed by
// `advice`.
std::size_t find_label(const std::vector<std::string>& names, const std::string& label,
                       const std::string& source, const std::string& advice = "");

// Numbers distinct texts in the order of their first appearance.
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
