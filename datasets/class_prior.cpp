#include "tenbin/datasets/class_prior.h"

#include <cmath>
#include <numeric>

#include "tenbin/datasets/class_counts.h"

namespace tenbin {

namespace {

// The prior scaled to sum 1. Errors: an entry that is negative or not finite; all entries 0.
std::vector<double> normalised(const char* function, const char* argument, std::vector<double> values) {
  double sum = 0;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (!(values[c] >= 0 && std::isfinite(values[c])))
      throw Error(function, ": ", argument, "[", c, "] = ", values[c], " must be finite and >= 0");
    sum += values[c];
  }
  if (sum == 0) throw Error(function, ": expected ", argument, " with a sum above 0, got zeros");
  for (double& value : values) value /= sum;
  return values;
}

}  // namespace

std::vector<double> detail::to_prior(const char* function, const char* argument, const Array& prior,
                                     std::size_t n_class) {
  if (!prior || prior.shape() != Shape{n_class})
    throw Error(function, ": ", argument, " must have shape (", n_class, "), got ", prior);
  return normalised(function, argument, prior.to_vector<double>());
}

Array class_prior(const std::vector<std::size_t>& counts) {
  return Array(normalised("class_prior", "counts", {counts.begin(), counts.end()}));
}

Array weighted_prior(const std::vector<std::size_t>& counts, const Array& class_weight) {
  std::vector<double> prior = detail::to_prior("weighted_prior", "class_weight", class_weight, counts.size());
  for (std::size_t c = 0; c < prior.size(); ++c) prior[c] *= static_cast<double>(counts[c]);
  return Array(normalised("weighted_prior", "class_weight * counts", std::move(prior)));
}

Array log_prior(const std::vector<std::size_t>& counts) {
  detail::require_samples("log_prior", counts);
  std::vector<double> values(counts.begin(), counts.end());
  const double total = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) value = std::log(value / total);
  return Array(values).astype(Dtype::float32);
}

}  // namespace tenbin
