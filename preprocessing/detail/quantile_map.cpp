#include "tenbin/preprocessing/detail/quantile_map.h"

#include <algorithm>
#include <cmath>

namespace tenbin::detail {

namespace {

template <std::size_t count>
double polynomial(const double (&coefficients)[count], double x) {
  double value = 0;
  for (std::size_t i = count; i-- > 0;) value = value * x + coefficients[i];
  return value;
}

// The place of the value if it is between the quantiles i and i + 1.
double between(const std::vector<double>& quantiles, std::size_t i, double value) {
  const auto steps = static_cast<double>(quantiles.size() - 1);
  const double low = quantiles[i], high = quantiles[i + 1];
  const double part = high > low ? (value - low) / (high - low) : 0;
  return (static_cast<double>(i) + part) / steps;
}

}  // namespace

std::vector<double> quantiles_of(std::vector<double> values, std::size_t count) {
  count = std::min(count, values.size());
  std::sort(values.begin(), values.end());
  std::vector<double> quantiles;
  for (std::size_t i = 0; i < count; ++i) {
    const double place = count == 1 ? 0
                                    : static_cast<double>(i) * static_cast<double>(values.size() - 1) /
                                          static_cast<double>(count - 1);
    const auto below = static_cast<std::size_t>(place);
    const double low = values[below], high = values[std::min(below + 1, values.size() - 1)];
    const double part = place - static_cast<double>(below);
    // Not low + part (high - low), which overflows; never below the quantile before.
    const double quantile = low == high ? low : low * (1 - part) + high * part;
    quantiles.push_back(quantiles.empty() ? quantile : std::max(quantile, quantiles.back()));
  }
  return quantiles;
}

double quantile_place(const std::vector<double>& quantiles, double value, bool normal) {
  const double margin = normal ? normal_margin : 0;
  double place = 0;
  if (value - margin <= quantiles.front()) {
    place = 0;
  } else if (value + margin >= quantiles.back()) {
    place = 1;
  } else {
    const auto first = std::lower_bound(quantiles.begin(), quantiles.end(), value);
    const auto last = std::upper_bound(first, quantiles.end(), value);
    const auto i = static_cast<std::size_t>(first - quantiles.begin());
    if (first == last) {
      place = between(quantiles, i - 1, value);
    } else {
      const auto middle = static_cast<double>(i + static_cast<std::size_t>(last - quantiles.begin()) - 1) / 2;
      place = middle / static_cast<double>(quantiles.size() - 1);
    }
  }
  if (!normal) return place;
  if (place <= normal_margin) return -largest_normal;
  if (place >= 1 - normal_margin) return largest_normal;
  return std::clamp(normal_quantile(place), -largest_normal, largest_normal);
}

double normal_quantile(double p) {
  const auto& [a, b, c, d, e, f] = normal_quantile_coefficients;
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
  }
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double z =
      r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6) : polynomial(e, r - 5) / polynomial(f, r - 5);
  return q < 0 ? -z : z;
}

}  // namespace tenbin::detail
