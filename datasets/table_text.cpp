// Tables as text, for people.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tenbin/core/text.h"
#include "tenbin/datasets/table.h"
#include "tenbin/datasets/text_table.h"

namespace tenbin {

namespace {

constexpr std::size_t line_width = 80;
constexpr std::size_t cell_width = 24;
constexpr std::size_t shown_rows = 20;

std::string cell(const Column& column, std::size_t row) {
  if (column.is_categorical()) {
    const std::int32_t code = column.values.data<std::int32_t>()[row];
    const auto category = static_cast<std::size_t>(code);
    return code < 0 ? "NaN" : detail::shortened(column.categories.at(category), cell_width);
  }
  const double value = column.values.slice(row, row + 1).item();
  return std::isnan(value) ? "NaN" : detail::text_of(value);
}

// A column of the text: the name and the values of some rows; `gap` marks rows that are left out.
detail::TextRow text_column(const Column& column, const std::vector<std::size_t>& rows, std::size_t gap) {
  detail::TextRow texts = {detail::shortened(column.name, cell_width)};
  for (const std::size_t row : rows) {
    if (row == gap) texts.emplace_back("...");
    texts.push_back(cell(column, row));
  }
  return texts;
}

std::size_t width_of(const detail::TextRow& texts) {
  std::size_t width = 0;
  for (const std::string& text : texts) width = std::max(width, detail::character_count(text));
  return width;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Table& table) {
  const std::size_t n = table.size();
  std::vector<std::size_t> rows(n);
  std::size_t gap = n;  // the first row after those that are left out
  if (n > shown_rows) {
    gap = n - shown_rows / 2;
    rows.resize(shown_rows);
  }
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  if (gap < n) std::iota(rows.begin() + shown_rows / 2, rows.end(), gap);

  std::vector<detail::TextRow> columns(1, {""});
  for (const std::size_t row : rows) {
    if (row == gap) columns[0].emplace_back("...");
    columns[0].push_back(std::to_string(row));
  }
  std::size_t width = width_of(columns[0]);
  std::vector<std::string> left_out;
  for (const Column& column : table.columns()) {
    detail::TextRow texts = text_column(column, rows, gap);
    const std::size_t wider = width + 2 + width_of(texts);
    if (!left_out.empty() || (wider > line_width && columns.size() > 1)) {
      left_out.push_back(column.name);
      continue;
    }
    width = wider;
    columns.push_back(std::move(texts));
  }

  std::vector<detail::TextRow> lines(columns[0].size());
  for (const detail::TextRow& texts : columns)
    for (std::size_t i = 0; i < texts.size(); ++i) lines[i].push_back(texts[i]);
  std::string text = detail::text_table(lines, detail::Align::right);
  if (gap < n) text += detail::text_of(n, " rows, ", table.columns().size(), " columns\n");
  if (!left_out.empty()) {
    std::string more = detail::text_of(left_out.size(), " more column", left_out.size() > 1 ? "s" : "", ": ");
    for (std::size_t i = 0; i < left_out.size(); ++i) {
      std::string name = detail::shortened(left_out[i], cell_width);
      const bool last = i + 1 == left_out.size();
      if (detail::character_count(more + name) + (last ? 0 : 6) > line_width) {
        more += "...";
        break;
      }
      more += name + (last ? "" : ", ");
    }
    text += more + '\n';
  }
  return out << text;
}

}  // namespace tenbin
