#include "tenbin/datasets/class_weight.h"

#include <cmath>

#include "tenbin/core/labels.h"

namespace tenbin {

namespace {

// formula(n_c, N) of every class, computed in double.
template <class F>
Array from_counts(const char* function, const std::vector<std::size_t>& counts, F formula) {
  if (counts.empty()) throw Error(function, ": expected at least one class, got none");
  double total = 0;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) throw Error(function, ": class ", c, " has no samples");
    total += static_cast<double>(counts[c]);
  }
  Array out = Array::empty({counts.size()});
  float* values = out.data<float>();
  for (std::size_t c = 0; c < counts.size(); ++c)
    values[c] = static_cast<float>(formula(static_cast<double>(counts[c]), total));
  return out;
}

}  // namespace

std::vector<std::size_t> class_counts(const Array& t, std::size_t n_class, std::int64_t ignore_label) {
  const Array labels = detail::to_labels("class_counts", "t", t);
  const std::int64_t* label = labels.data<std::int64_t>();
  std::vector<std::size_t> counts(n_class, 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (label[i] == ignore_label) continue;
    detail::require_class("class_counts", "t", i, label[i], n_class);
    ++counts[static_cast<std::size_t>(label[i])];
  }
  return counts;
}

Array balanced_class_weight(const std::vector<std::size_t>& counts) {
  const double n_class = static_cast<double>(counts.size());
  return from_counts("balanced_class_weight", counts,
                     [=](double count, double total) { return total / (n_class * count); });
}

Array balanced_class_weight(const Array& t, std::size_t n_class, std::int64_t ignore_label) {
  return balanced_class_weight(class_counts(t, n_class, ignore_label));
}

Array log_prior(const std::vector<std::size_t>& counts) {
  return from_counts("log_prior", counts, [](double count, double total) { return std::log(count / total); });
}

}  // namespace tenbin
