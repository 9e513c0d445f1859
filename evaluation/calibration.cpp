#include "tenbin/evaluation/calibration.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/labels.h"
#include "tenbin/evaluation/accuracy.h"

namespace tenbin {

namespace {

constexpr const char* function = "expected_calibration_error";

// float32 softmax over very many classes is off by less.
constexpr double sum_tolerance = 1e-3;

template <class T>
void require_probabilities(const T* row, std::size_t n_class, std::size_t position) {
  double sum = 0;
  bool valid = true;
  for (std::size_t c = 0; c < n_class; ++c) {
    valid = valid && row[c] >= 0;
    sum += static_cast<double>(row[c]);
  }
  if (valid && std::abs(sum - 1) <= sum_tolerance) return;
  throw Error(function, ": row ", position, " of probabilities must be >= 0 and sum to 1, its sum is ", sum);
}

// The bin that holds `confidence`, bins being open on the left.
std::size_t bin_of(double confidence, std::size_t n_bins) {
  const double bin = std::ceil(confidence * static_cast<double>(n_bins)) - 1;
  return std::min(n_bins - 1, static_cast<std::size_t>(std::max(bin, 0.0)));
}

}  // namespace

double expected_calibration_error(const Array& probabilities, const Array& t, std::size_t n_bins,
                                  std::int64_t ignore_label) {
  if (n_bins == 0) throw Error(function, ": expected n_bins > 0, got 0");
  const Array labels = detail::to_label_vector(function, "t", t);
  if (!probabilities || !is_floating(probabilities.dtype()) || probabilities.ndim() != 2 ||
      probabilities.shape()[0] != t.size())
    throw Error(function, ": probabilities must be float32 or float64 (N, C), got ", probabilities, " for t ",
                t);
  const std::size_t n_class = probabilities.shape()[1];
  if (n_class == 0)
    throw Error(function, ": probabilities must have at least one class, got ", probabilities);
  const Array host = probabilities.to(Device::cpu());
  const Array predicted = argmax(host);
  const std::int64_t* truth = labels.data<std::int64_t>();
  const std::int64_t* guess = predicted.data<std::int64_t>();

  // |accuracy_b - confidence_b| n_b is the absolute value of what a bin's rows sum to.
  std::vector<double> gap(n_bins, 0);
  std::size_t counted = 0;
  visit_floating(host.dtype(), [&](auto zero) {
    const auto* row = host.data<decltype(zero)>();
    for (std::size_t i = 0; i < labels.size(); ++i, row += n_class) {
      if (truth[i] == ignore_label) continue;
      detail::require_class(function, "t", i, truth[i], n_class);
      require_probabilities(row, n_class, i);
      const double confidence = static_cast<double>(row[guess[i]]);
      gap[bin_of(confidence, n_bins)] += (truth[i] == guess[i] ? 1 : 0) - confidence;
      ++counted;
    }
  });
  double sum = 0;
  for (const double g : gap) sum += std::abs(g);
  return counted == 0 ? 0 : sum / static_cast<double>(counted);
}

}  // namespace tenbin
