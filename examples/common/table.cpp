#include "tenbin/examples/common/table.h"

#include <algorithm>
#include <iomanip>

#include "tenbin/core/error.h"
#include "tenbin/core/text.h"
#include "tenbin/examples/common/statistics.h"

namespace tenbin::examples {

namespace {

std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string space(widths[i] - detail::character_count(cells[i]), ' ');
    text += i == 0 ? cells[i] + space : "  " + space + cells[i];
  }
  return text.erase(text.find_last_not_of(' ') + 1) + '\n';
}

}  // namespace

void TextTable::add(std::vector<std::string> cells) {
  if (cells.size() != rows_[0].size())
    throw Error("TextTable::add: ", cells.size(), " cells for ", rows_[0].size(), " columns");
  rows_.push_back(std::move(cells));
}

std::string TextTable::to_string() const {
  std::vector<std::size_t> widths(rows_[0].size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], detail::character_count(row[i]));
  std::vector<std::string> rule;
  rule.reserve(widths.size());
  for (const std::size_t width : widths) rule.emplace_back(width, '-');

  std::string text = line(rows_[0], widths) + line(rule, widths);
  for (std::size_t i = 1; i < rows_.size(); ++i) text += line(rows_[i], widths);
  return text;
}

std::string fixed(double value, int digits) {
  detail::TextStream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

std::string mean_and_spread(const std::vector<double>& values, int digits) {
  const std::string center = fixed(mean(values), digits);
  return values.size() < 2 ? center : center + " +- " + fixed(standard_deviation(values), digits);
}

}  // namespace tenbin::examples
