#include "tenbin/datasets/class_weight.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tenbin {

namespace {

// The class counts as double, read once for every formula: the number of classes with samples, and the sum of
// the counts.
struct Counts {
  std::vector<double> of_class;
  double total = 0;
  double smallest = 0;  // the smallest count that is not 0
  double n_present = 0;
};

Counts read_counts(const char* function, const std::vector<std::size_t>& counts, EmptyClass empty_class) {
  detail::require_samples(function, counts, empty_class == EmptyClass::error);
  Counts read;
  for (const std::size_t n : counts) {
    const double count = static_cast<double>(n);
    read.of_class.push_back(count);
    if (n == 0) continue;
    read.total += count;
    read.smallest = read.n_present == 0 ? count : std::min(read.smallest, count);
    ++read.n_present;
  }
  return read;
}

// formula(n_c) of every class with samples, 0 for the others.
template <class F>
std::vector<double> of_present(const Counts& counts, F formula) {
  std::vector<double> values;
  for (const double count : counts.of_class) values.push_back(count == 0 ? 0 : formula(count));
  return values;
}

Array to_float32(const std::vector<double>& values) { return Array(values).astype(Dtype::float32); }

// Scaled to mean 1 over the classes with samples.
Array with_mean_one(std::vector<double> weights, double n_present) {
  const double mean = std::accumulate(weights.begin(), weights.end(), 0.0) / n_present;
  for (double& weight : weights) weight /= mean;
  return to_float32(weights);
}

// (n_min / n_c)^exponent. With an exponent of at most 1 the result is in float32's range for any count.
std::vector<double> powers(const Counts& counts, double exponent) {
  return of_present(counts, [&](double count) { return std::pow(counts.smallest / count, exponent); });
}

}  // namespace

Array balanced_class_weight(const std::vector<std::size_t>& counts, EmptyClass empty_class) {
  const Counts read = read_counts("balanced_class_weight", counts, empty_class);
  return to_float32(of_present(read, [&](double count) { return read.total / (read.n_present * count); }));
}

Array balanced_class_weight(const Array& t, std::size_t n_class, std::optional<std::int64_t> ignore_label,
                            EmptyClass empty_class) {
  return balanced_class_weight(class_counts(t, n_class, ignore_label), empty_class);
}

Array inverse_frequency_class_weight(const std::vector<std::size_t>& counts, EmptyClass empty_class) {
  const Counts read = read_counts("inverse_frequency_class_weight", counts, empty_class);
  return with_mean_one(powers(read, 1), read.n_present);
}

Array inverse_sqrt_class_weight(const std::vector<std::size_t>& counts, EmptyClass empty_class) {
  const Counts read = read_counts("inverse_sqrt_class_weight", counts, empty_class);
  return with_mean_one(powers(read, 0.5), read.n_present);
}

Array effective_number_class_weight(const std::vector<std::size_t>& counts, double beta,
                                    EmptyClass empty_class) {
  if (!(beta >= 0 && beta <= 1))
    throw Error("effective_number_class_weight: beta must be in [0, 1], got ", beta);
  const Counts read = read_counts("effective_number_class_weight", counts, empty_class);
  if (beta == 1) return with_mean_one(powers(read, 1), read.n_present);
  // 1 - beta^n without cancellation; dividing by the mean removes the common factor 1 - beta.
  const double log_beta = std::log(beta);
  return with_mean_one(of_present(read, [&](double count) { return -1 / std::expm1(count * log_beta); }),
                       read.n_present);
}

Array smooth_class_weight(const std::vector<std::size_t>& counts, double exponent, EmptyClass empty_class) {
  if (!(exponent >= 0 && exponent <= 1))
    throw Error("smooth_class_weight: exponent must be in [0, 1], got ", exponent);
  return to_float32(powers(read_counts("smooth_class_weight", counts, empty_class), exponent));
}

}  // namespace tenbin
