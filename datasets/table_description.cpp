#include "tenbin/datasets/table_description.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iomanip>
#include <numeric>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/class_count_table.h"
#include "tenbin/datasets/detail/iso_date.h"
#include "tenbin/datasets/statistics.h"
#include "tenbin/datasets/text_table.h"

namespace tenbin {

namespace {

constexpr std::size_t fewest_texts = 20;     // for an identifier that is text, or whole numbers in order
constexpr std::size_t fewest_numbers = 100;  // for one of whole numbers in any order
constexpr double distinct_share = 0.95;
constexpr double leak_auc = 0.999;
constexpr double leak_errors = 0.01;  // of the errors without the column
constexpr std::size_t fewest_of_class = 5;
constexpr std::size_t rows_per_value = 10;  // a value of fewer rows may determine their class by chance
constexpr std::size_t top_categories = 10;

// The labels, -1 where they are missing, and the number of classes; no labels: empty.
struct Labels {
  explicit Labels(const Table& table) {
    if (!table.has_label()) return;
    t = table.label().values.to_vector<std::int32_t>();
    counts.resize(table.classes().size());
    for (const std::int32_t label : t)
      if (label >= 0) ++counts[static_cast<std::size_t>(label)];
  }

  std::vector<std::int32_t> t;
  std::vector<std::size_t> counts;
};

// One value of a column and its row.
using Entry = std::pair<double, std::size_t>;

// Adds up how well the values of a column determine the class.
class Determination {
 public:
  explicit Determination(const Labels& labels) : labels_(labels), totals_(labels.counts.size()) {}

  // The rows of one value.
  template <class Rows>
  void add(const Rows& rows) {
    std::vector<std::size_t> counts(totals_.size());
    for (const std::size_t row : rows)
      if (labels_.t[row] >= 0) ++counts[static_cast<std::size_t>(labels_.t[row])];
    errors_ += errors_of(counts);
    for (std::size_t c = 0; c < counts.size(); ++c) totals_[c] += counts[c];
  }

  // Whether the values leave hardly any errors.
  bool holds() const {
    const std::size_t without = errors_of(totals_);
    return without >= fewest_of_class &&
           static_cast<double>(errors_) <= leak_errors * static_cast<double>(without);
  }

 private:
  static std::size_t errors_of(const std::vector<std::size_t>& counts) {
    if (counts.empty()) return 0;
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0}) -
           *std::max_element(counts.begin(), counts.end());
  }

  const Labels& labels_;
  std::vector<std::size_t> totals_;
  std::size_t errors_ = 0;
};

// What is read from one column.
class ColumnReader {
 public:
  ColumnReader(const Column& column, const Labels& labels, bool is_label) : column_(column), labels_(labels) {
    const std::vector<double> values = column.values.to_vector<double>();
    for (std::size_t row = 0; row < values.size(); ++row) {
      const bool missing = column.is_categorical() ? values[row] < 0 : std::isnan(values[row]);
      if (missing)
        missing_.push_back(row);
      else
        entries_.emplace_back(values[row], row);
    }
    in_order_ = is_in_order();
    std::sort(entries_.begin(), entries_.end());
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (i == 0 || entries_[i - 1].first < entries_[i].first) starts_.push_back(i);
    result.name = column.name;
    result.is_label = is_label;
    result.missing = missing_.size();
    result.missing_share =
        values.empty() ? 0 : static_cast<double>(missing_.size()) / static_cast<double>(values.size());
    result.distinct = starts_.size();
    result.kind = kind();
    if (column.is_categorical())
      count_categories();
    else if (!entries_.empty())
      measure();
    if (!is_label) find_problems();
  }

  ColumnDescription result;
  std::vector<TableWarning> warnings;

 private:
  ColumnKind kind() const {
    if (starts_.empty() || (starts_.size() == 1 && missing_.empty())) return ColumnKind::constant;
    if (!column_.is_categorical()) return ColumnKind::numeric;
    return detail::first_odd_date(column_.categories) ? ColumnKind::categorical : ColumnKind::dates;
  }

  std::size_t size_of_value(std::size_t v) const {
    return (v + 1 < starts_.size() ? starts_[v + 1] : entries_.size()) - starts_[v];
  }

  void count_categories() {
    std::vector<std::size_t> order(starts_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::size_t kept = std::min(order.size(), top_categories);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                      [&](std::size_t a, std::size_t b) {
                        return std::pair(size_of_value(b), a) < std::pair(size_of_value(a), b);
                      });
    for (std::size_t i = 0; i < kept; ++i) {
      const auto code = static_cast<std::size_t>(entries_[starts_[order[i]]].first);
      result.top.emplace_back(column_.categories.at(code), size_of_value(order[i]));
    }
  }

  void measure() {
    std::vector<double> values;
    for (const Entry& entry : entries_) values.push_back(entry.first);
    result.min = values.front();
    result.max = values.back();
    const double below = values[(values.size() - 1) / 2], above = values[values.size() / 2];
    result.median = below == above ? below : below / 2 + above / 2;
    result.mean = detail::mean(values);
  }

  // Whether the values, still in the order of the rows, rise or fall from row to row.
  bool is_in_order() const {
    const auto from = entries_.begin();
    const auto not_rising = [](const Entry& a, const Entry& b) { return a.first >= b.first; };
    const auto not_falling = [](const Entry& a, const Entry& b) { return a.first <= b.first; };
    return std::adjacent_find(from, entries_.end(), not_rising) == entries_.end() ||
           std::adjacent_find(from, entries_.end(), not_falling) == entries_.end();
  }

  bool is_whole() const {
    return std::all_of(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return entry.first == std::floor(entry.first); });
  }

  void warn(TableProblem problem, const std::string& what, const char* advice = "") {
    const std::string finding = '"' + printable(column_.name) + "\" " + what;
    warnings.push_back({problem, column_.name, finding + advice, finding});
  }

  void find_problems() {
    const std::size_t present = entries_.size();
    if (result.kind == ColumnKind::constant) {
      if (present + missing_.size() > 1)
        warn(TableProblem::constant, present == 0 ? "has no values" : "has the same value in all rows");
      return;
    }
    const char* const advice = "; leave it out";
    const std::string counts = detail::text_of(result.distinct, " different values in ", present, " rows");
    if (result.kind == ColumnKind::categorical && present >= fewest_texts &&
        static_cast<double>(result.distinct) >= distinct_share * static_cast<double>(present))
      warn(TableProblem::identifier, "looks like an identifier or free text: " + counts, advice);
    else if (result.kind == ColumnKind::numeric && is_whole() && in_order_ && present >= fewest_texts)
      warn(TableProblem::identifier, "looks like a row number, an identifier or a time: whole numbers that " +
                                         std::string(rises() ? "rise" : "fall") + " from row to row");
    else if (result.kind == ColumnKind::numeric && is_whole() && result.distinct == present &&
             present >= fewest_numbers)
      warn(TableProblem::identifier, "looks like an identifier: whole numbers, " + counts, advice);
    find_leaks();
  }

  bool rises() const { return entries_.front().second < entries_.back().second; }

  void find_leaks() {
    if (labels_.counts.size() < 2) return;
    const char* const advice = "; is it known at the time of the prediction?";
    const double auc = column_.is_categorical() ? 0.5 : roc_auc();
    if (auc >= leak_auc || auc <= 1 - leak_auc) {
      warn(TableProblem::leak,
           "alone separates the classes: ROC AUC " + detail::fixed(std::max(auc, 1 - auc), 4), advice);
    } else if (starts_.size() > 1 && starts_.size() * rows_per_value <= entries_.size() && determines()) {
      warn(TableProblem::leak, "alone gives the class: each value has one class", advice);
    }
    if (!missing_.empty() && missingness_determines())
      warn(TableProblem::leak, "gives the class by whether it is missing", advice);
  }

  bool determines() const {
    Determination determination(labels_);
    std::vector<std::size_t> rows;
    for (std::size_t v = 0; v < starts_.size(); ++v) {
      rows.clear();
      for (std::size_t i = 0; i < size_of_value(v); ++i) rows.push_back(entries_[starts_[v] + i].second);
      determination.add(rows);
    }
    return determination.holds();
  }

  bool missingness_determines() const {
    Determination determination(labels_);
    std::vector<std::size_t> present;
    for (const Entry& entry : entries_) present.push_back(entry.second);
    determination.add(present);
    determination.add(missing_);
    return determination.holds();
  }

  // The share of pairs of a row of class 1 and one of class 0 in which the first has the larger value; equal
  // ones count half. 0.5 unless there are two classes with enough values.
  double roc_auc() const {
    if (labels_.counts.size() != 2) return 0.5;
    double pairs = 0, totals[2] = {0, 0};
    for (std::size_t v = 0; v < starts_.size(); ++v) {
      double here[2] = {0, 0};
      for (std::size_t i = 0; i < size_of_value(v); ++i) {
        const std::int32_t label = labels_.t[entries_[starts_[v] + i].second];
        if (label >= 0) ++here[label];
      }
      pairs += here[1] * (totals[0] + here[0] / 2);
      totals[0] += here[0];
      totals[1] += here[1];
    }
    const bool enough = std::min(totals[0], totals[1]) >= static_cast<double>(fewest_of_class);
    return enough ? pairs / (totals[0] * totals[1]) : 0.5;
  }

  const Column& column_;
  const Labels& labels_;
  std::vector<Entry> entries_;        // values that are not missing, ascending
  std::vector<std::size_t> missing_;  // rows
  std::vector<std::size_t> starts_;   // where a value begins in entries_
  bool in_order_ = false;
};

std::uint64_t mixed(std::uint64_t hash, double value) {
  std::uint64_t bits = 0;
  value = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;
  std::memcpy(&bits, &value, sizeof bits);
  hash = (hash ^ bits) * 0x9E3779B97F4A7C15;
  hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93;
  return hash ^ (hash >> 32);
}

// Compares hashes of 64 bits: among a million rows, two are taken for equal with a probability of 3e-8.
std::size_t count_duplicates(const Table& table) {
  if (table.size() == 0) return 0;
  std::vector<std::uint64_t> hashes(table.size(), 1);
  for (const Column& column : table.columns()) {
    const std::vector<double> values = column.values.to_vector<double>();
    for (std::size_t row = 0; row < values.size(); ++row) hashes[row] = mixed(hashes[row], values[row]);
  }
  std::sort(hashes.begin(), hashes.end());
  const auto distinct = std::unique(hashes.begin(), hashes.end()) - hashes.begin();
  return table.size() - static_cast<std::size_t>(distinct);
}

// ---- the report

constexpr std::size_t line_width = 80;
constexpr std::size_t name_width = 16;

// In at most 9 characters.
std::string number(double value) {
  if (std::isnan(value)) return "";
  std::string text = detail::text_of(value);
  for (int digits = 5; text.size() > 9 && digits > 1; --digits) {
    detail::TextStream shorter;
    shorter << std::setprecision(digits) << value;
    text = shorter.str();
  }
  return text;
}

std::string percent(double share) {
  if (share == 0) return "0";
  const std::string text = detail::fixed(100 * share, 1) + '%';
  return text == "0.0%" ? "<0.1%" : text;
}

// Numbers first, then the other columns; a part without columns is left out.
std::string column_tables(const std::vector<ColumnDescription>& columns) {
  std::vector<detail::TextRow> numbers = {{"column", "missing", "distinct", "min", "median", "mean", "max"}};
  std::vector<detail::TextRow> others = {{"column", "missing", "distinct", "type"}};
  for (const ColumnDescription& c : columns) {
    const detail::TextRow start = {detail::shortened(c.name, name_width), percent(c.missing_share),
                                   std::to_string(c.distinct)};
    const bool has_numbers = c.kind == ColumnKind::numeric || !std::isnan(c.mean);
    detail::TextRow& row = (has_numbers ? numbers : others).emplace_back(start);
    if (has_numbers)
      for (const double value : {c.min, c.median, c.mean, c.max}) row.push_back(number(value));
    else
      row.emplace_back(c.is_label ? "label" : to_string(c.kind));
  }
  std::string text;
  for (const auto& rows : {numbers, others})
    if (rows.size() > 1) text += '\n' + detail::text_table(rows, detail::Align::left);
  return text;
}

// `country: "de" 312, "fr" 100, 12 more`, in one line.
std::string category_line(const ColumnDescription& column) {
  std::string line = detail::shortened(column.name, name_width) + ": ";
  std::size_t shown = 0;
  for (const auto& [category, count] : column.top) {
    const std::string entry =
        (shown > 0 ? ", \"" : "\"") + detail::shortened(category, name_width) + "\" " + std::to_string(count);
    constexpr std::size_t room_for_rest = 17;  // ", 1234567890 more"
    if (shown > 0 && detail::character_count(line + entry) + room_for_rest > line_width) break;
    line += entry;
    ++shown;
  }
  if (shown < column.distinct) line += ", " + std::to_string(column.distinct - shown) + " more";
  return line + '\n';
}

// Words in lines of 80 columns; all lines but the first are indented.
std::string wrapped(const std::string& text) {
  std::string out, line;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    if (!line.empty() && detail::character_count(line) + 1 + detail::character_count(word) > line_width) {
      out += line;
      out += '\n';
      line = "   ";
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return out + line + '\n';
}

}  // namespace

const char* to_string(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::numeric:
      return "numeric";
    case ColumnKind::categorical:
      return "categorical";
    case ColumnKind::dates:
      return "dates";
    case ColumnKind::constant:
      return "constant";
  }
  return "";
}

TableDescription describe(const Table& table) {
  TableDescription description;
  description.source = table.source();
  description.rows = table.size();
  description.columns = table.columns().size();
  const Labels labels(table);
  std::vector<std::vector<TableWarning>> warnings(table.columns().size());
  description.column.resize(warnings.size());
  parallel_for(warnings.size(), [&](std::size_t c) {
    const Column& column = table.columns()[c];
    ColumnReader reader(column, labels, table.has_label() && &column == &table.label());
    description.column[c] = std::move(reader.result);
    warnings[c] = std::move(reader.warnings);
  });
  for (auto& of_column : warnings)
    description.warnings.insert(description.warnings.end(), of_column.begin(), of_column.end());
  description.duplicate_rows = count_duplicates(table);
  if (!table.has_label()) return description;
  description.classes = table.classes();
  description.class_counts = labels.counts;
  if (labels.counts.size() == 2) description.positive = 1;
  std::size_t smallest = table.size(), largest = 0;
  for (const std::size_t count : labels.counts) {
    if (count > 0) smallest = std::min(smallest, count);
    largest = std::max(largest, count);
  }
  if (largest > 0) description.imbalance_ratio = static_cast<double>(largest) / static_cast<double>(smallest);
  return description;
}

std::ostream& operator<<(std::ostream& out, const TableDescription& description) {
  std::string text = detail::text_of(printable(description.source), ": ", description.rows, " rows, ",
                                     description.columns, " columns");
  if (description.duplicate_rows > 0)
    text += ", " + std::to_string(description.duplicate_rows) + " rows equal to an earlier one";
  text = wrapped(text) + column_tables(description.column);
  std::string lines;
  for (const ColumnDescription& column : description.column)
    if (!column.is_label && !column.top.empty() && column.kind == ColumnKind::categorical)
      lines += category_line(column);
  if (!lines.empty()) text += '\n' + lines;
  if (!description.classes.empty()) {
    ClassCountTableOptions options;
    for (const std::string& name : description.classes)
      options.class_names.push_back(detail::shortened(name, name_width));
    text += '\n' + class_count_table(description.class_counts, options);
    text += "imbalance ratio: " + detail::four_digits(description.imbalance_ratio) + '\n';
  }
  if (!description.warnings.empty()) text += '\n';
  for (const TableWarning& warning : description.warnings) text += wrapped("warning: " + warning.text);
  return out << text;
}

}  // namespace tenbin
