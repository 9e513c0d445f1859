// Results in aligned columns.
#pragma once

#include <string>
#include <vector>

#include "tenbin/datasets/text_table.h"

namespace tenbin::examples {

/// Text in columns: the first is left-aligned, the others, usually numbers, right-aligned.
///
///     TextTable table({"method", "accuracy"});
///     table.add({"plain", fixed(81.78, 2)});
///     std::cout << table.to_string();
///
///     method  accuracy
///     ------  --------
///     plain      81.78
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}

  /// Errors: the number of cells is not that of the header.
  void add(std::vector<std::string> cells);

  std::string to_string() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// fixed(value, digits): the number with this many digits after the decimal point.
using detail::fixed;
/// `0.987 +- 0.002`, mean and standard deviation; the mean alone for fewer than two values.
std::string mean_and_spread(const std::vector<double>& values, int digits);

}  // namespace tenbin::examples
