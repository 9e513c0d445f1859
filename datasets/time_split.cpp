#include "tenbin/datasets/time_split.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tenbin/core/file.h"
#include "tenbin/datasets/detail/fraction.h"
#include "tenbin/datasets/detail/iso_date.h"

namespace tenbin {

namespace {

constexpr const char* split_function = "time_ordered_split";
constexpr const char* fold_function = "time_series_k_fold";

using Indices = std::vector<std::size_t>;

[[noreturn]] void refuse_missing(const char* function, const Column& time, std::size_t row) {
  throw Error(function, ": column \"", printable(time.name), "\" is missing in ", detail::row_text(row));
}

// Numbers in the order of the times.
std::vector<double> times_of(const char* function, const Column& time, bool any_text) {
  std::vector<double> times = time.values.to_vector<double>();
  if (!time.is_categorical()) {
    for (std::size_t row = 0; row < times.size(); ++row)
      if (std::isnan(times[row])) refuse_missing(function, time, row);
    return times;
  }
  if (!any_text) {
    const std::optional<std::string> odd = detail::first_odd_date(time.categories);
    if (odd)
      throw Error(function, ": column \"", printable(time.name), "\": \"", printable(*odd),
                  "\" is no ISO date (2026-11-29, 2026-11-29 10:15:00) of the same format as the others, so "
                  "the order of the texts may not be that of time; convert the column",
                  function == split_function ? ", or pass `.any_text = true`" : "");
  }
  Indices order(time.categories.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return time.categories[a] < time.categories[b]; });
  std::vector<double> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = static_cast<double>(i);
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (times[row] < 0) refuse_missing(function, time, row);
    times[row] = place.at(static_cast<std::size_t>(times[row]));
  }
  return times;
}

// The rows in the order of time, and where parts of them may end.
struct Timeline {
  Timeline(const char* caller, const Column& time, bool any_text) : function(caller), name(time.name) {
    const std::vector<double> times = times_of(function, time, any_text);
    order.resize(times.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
    for (std::size_t i = 1; i < order.size(); ++i)
      if (times[order[i - 1]] < times[order[i]]) changes.push_back(i);
  }

  // Moves ascending borders to changes of time, each to another one: from the last to the first, each to the
  // nearest that leaves enough for those before it.
  Indices moved(Indices borders) const {
    const std::size_t n_sides = borders.size() + 1;
    if (changes.size() < borders.size())
      throw Error(function, ": column \"", printable(name), "\" has ", order.empty() ? 0 : changes.size() + 1,
                  " different times, ", n_sides, " sides need one each");
    std::size_t end = changes.size();  // of the changes that are free
    for (std::size_t b = borders.size(); b-- > 0;) {
      const auto distance = [&, at = borders[b]](std::size_t change) {
        return change > at ? change - at : at - change;
      };
      std::size_t best = b;  // one change for each border before this one
      for (std::size_t i = b; i < end; ++i)
        if (distance(changes[i]) < distance(changes[best])) best = i;
      borders[b] = changes[best];
      end = best;
    }
    return borders;
  }

  // The rows at [begin, end), ascending.
  Indices rows(std::size_t begin, std::size_t end) const {
    Indices part(order.begin() + static_cast<std::ptrdiff_t>(begin),
                 order.begin() + static_cast<std::ptrdiff_t>(end));
    std::sort(part.begin(), part.end());
    return part;
  }

  const char* function;
  std::string name;
  Indices order;
  Indices changes;  // positions in `order` whose time is later than that of the one before
};

}  // namespace

ThreeWaySplit time_ordered_split(const Column& time, const TimeSplitOptions& options) {
  detail::require_shares(split_function, options.valid, options.test);
  const Timeline line(split_function, time, options.any_text);
  const std::size_t n = line.order.size();
  const auto before = [n](double share) {
    const auto count = static_cast<std::size_t>(detail::decimal_ceil(share * static_cast<double>(n)));
    return n - std::min(n, count);
  };
  Indices borders = {before(options.test)};
  if (options.valid > 0) borders.insert(borders.begin(), before(options.valid + options.test));
  borders = line.moved(borders);
  return {line.rows(0, borders.front()), line.rows(borders.front(), borders.back()),
          line.rows(borders.back(), n)};
}

ThreeWaySplit time_ordered_split(const Table& table, const std::string& time,
                                 const TimeSplitOptions& options) {
  ThreeWaySplit split = time_ordered_split(table[time], options);
  if (!options.require_classes || !table.has_label()) return split;
  std::vector<std::pair<const char*, const Indices*>> sides = {{"training", &split.train},
                                                               {"test", &split.test}};
  if (options.valid > 0) sides.emplace_back("validation", &split.valid);
  detail::require_classes(split_function, table.label().values, sides, table.classes(),
                          "choose other shares");
  return split;
}

Split time_ordered_split(const Table& table, const std::string& time, double test_fraction) {
  if (!(test_fraction > 0 && test_fraction < 1))
    throw Error(split_function, ": expected a test_fraction in (0, 1), got ", test_fraction);
  ThreeWaySplit split = time_ordered_split(table, time, {0, test_fraction, true, false});
  return {std::move(split.train), std::move(split.test)};
}

std::vector<Split> time_series_k_fold(const Column& time, std::size_t n_splits) {
  if (n_splits < 2) throw Error(fold_function, ": expected at least 2 folds, got ", n_splits);
  const Timeline line(fold_function, time, false);
  const std::size_t n = line.order.size();
  if (n_splits >= n) throw Error(fold_function, ": ", n, " rows are too few for ", n_splits, " folds");
  Indices borders;
  for (std::size_t i = n_splits; i > 0; --i) borders.push_back(n - i * (n / (n_splits + 1)));
  borders = line.moved(borders);
  borders.push_back(n);
  std::vector<Split> splits;
  for (std::size_t i = 0; i < n_splits; ++i)
    splits.push_back({line.rows(0, borders[i]), line.rows(borders[i], borders[i + 1])});
  return splits;
}

}  // namespace tenbin
