#include "tenbin/examples/common/table.h"

#include "tenbin/core/error.h"
#include "tenbin/examples/common/statistics.h"

namespace tenbin::examples {

void TextTable::add(std::vector<std::string> cells) {
  if (cells.size() != rows_[0].size())
    throw Error("TextTable::add: ", cells.size(), " cells for ", rows_[0].size(), " columns");
  rows_.push_back(std::move(cells));
}

std::string TextTable::to_string() const {
  detail::TextRow rule;
  for (const std::size_t width : detail::column_widths(rows_)) rule.emplace_back(width, '-');
  std::vector<detail::TextRow> rows = rows_;
  rows.insert(rows.begin() + 1, rule);
  return detail::text_table(rows, detail::Align::left);
}

std::string mean_and_spread(const std::vector<double>& values, int digits) {
  const std::string center = fixed(mean(values), digits);
  return values.size() < 2 ? center : center + " +- " + fixed(standard_deviation(values), digits);
}

}  // namespace tenbin::examples
