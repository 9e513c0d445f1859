#include "tenbin/datasets/class_count_table.h"

#include <algorithm>
#include <iomanip>
#include <numeric>

#include "tenbin/core/text.h"

namespace tenbin {

namespace {

using Cells = std::vector<std::string>;  // the header, one cell per class, the total

std::string four_digits(double value) {
  detail::TextStream text;
  text << std::setprecision(4) << value;
  return text.str();
}

// The columns side by side, two blanks apart, right-aligned; no trailing blanks.
std::string side_by_side(const std::vector<Cells>& columns) {
  std::vector<std::string> lines(columns[0].size());
  for (const Cells& column : columns) {
    std::size_t width = 0;
    for (const std::string& cell : column) width = std::max(width, detail::character_count(cell));
    for (std::size_t i = 0; i < column.size(); ++i)
      lines[i] += std::string(&column == &columns[0] ? 0 : 2, ' ') +
                  std::string(width - detail::character_count(column[i]), ' ') + column[i];
  }
  std::string text;
  for (const std::string& line : lines) text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  return text;
}

}  // namespace

std::string class_count_table(const std::vector<std::size_t>& counts, const ClassCountTableOptions& options) {
  const std::size_t n_class = counts.size();
  const auto& names = options.class_names;
  const Array& weight = options.class_weight;
  if (!names.empty() && names.size() != n_class)
    throw Error("class_count_table: ", names.size(), " class names for ", n_class, " classes");
  if (weight && (!is_floating(weight.dtype()) || weight.shape() != Shape{n_class}))
    throw Error("class_count_table: class_weight must be float32 or float64 of shape ", Shape{n_class},
                ", got ", weight);

  const std::size_t total = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  Cells numbers{"class"}, amounts{"count"}, shares{"share"};
  for (std::size_t c = 0; c < n_class; ++c) {
    numbers.push_back(std::to_string(c));
    amounts.push_back(std::to_string(counts[c]));
    const double share =
        static_cast<double>(counts[c]) / static_cast<double>(std::max<std::size_t>(total, 1));
    shares.push_back(four_digits(100 * share) + '%');
  }
  numbers.push_back("total");
  amounts.push_back(std::to_string(total));
  shares.push_back("");

  std::vector<Cells> columns{numbers};
  if (!names.empty()) {
    columns.push_back({"name"});
    columns.back().insert(columns.back().end(), names.begin(), names.end());
    if (n_class == 2) columns.back()[2] += " (positive)";
    columns.back().push_back("");
  }
  columns.push_back(amounts);
  columns.push_back(shares);
  if (weight) {
    columns.push_back({"weight"});
    for (const double value : weight.to_vector<double>()) columns.back().push_back(four_digits(value));
    columns.back().push_back("");
  }
  return side_by_side(columns);
}

std::string class_count_table(const Table& table, const ClassCountTableOptions& options) {
  ClassCountTableOptions named = options;
  if (named.class_names.empty()) named.class_names = table.classes();
  std::vector<std::size_t> counts(table.classes().size());
  for (const auto code : table.label().values.to_vector<std::int64_t>())
    if (code >= 0) ++counts[static_cast<std::size_t>(code)];
  return class_count_table(counts, named);
}

}  // namespace tenbin
