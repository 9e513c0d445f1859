#include "tenbin/datasets/class_count_table.h"

#include <algorithm>
#include <numeric>

#include "tenbin/datasets/text_table.h"

namespace tenbin {

std::string class_count_table(const std::vector<std::size_t>& counts, const ClassCountTableOptions& options) {
  const std::size_t n_class = counts.size();
  const auto& names = options.class_names;
  const Array& weight = options.class_weight;
  if (!names.empty() && names.size() != n_class)
    throw Error("class_count_table: ", names.size(), " class names for ", n_class, " classes");
  if (weight && (!is_floating(weight.dtype()) || weight.shape() != Shape{n_class}))
    throw Error("class_count_table: class_weight must be float32 or float64 of shape ", Shape{n_class},
                ", got ", weight);

  std::vector<detail::TextRow> rows;
  const auto add = [&](const std::string& label, const std::string& name, const std::string& count,
                       const std::string& share, const std::string& class_weight) {
    rows.push_back({label});
    if (!names.empty()) rows.back().push_back(name);
    rows.back().insert(rows.back().end(), {count, share});
    if (weight) rows.back().push_back(class_weight);
  };
  add("class", "name", "count", "share", "weight");
  const std::size_t total = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  const std::vector<double> weights = weight ? weight.to_vector<double>() : std::vector<double>(n_class);
  for (std::size_t c = 0; c < n_class; ++c) {
    const double share =
        static_cast<double>(counts[c]) / static_cast<double>(std::max<std::size_t>(total, 1));
    const char* const positive = n_class == 2 && c == 1 ? " (positive)" : "";
    add(std::to_string(c), names.empty() ? "" : names[c] + positive, std::to_string(counts[c]),
        detail::four_digits(100 * share) + '%', detail::four_digits(weights[c]));
  }
  add("total", "", std::to_string(total), "", "");
  return detail::text_table(rows, detail::Align::right);
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
