#include "tenbin/preprocessing/detail/quantile_map.h"

#include <algorithm>
#include <cmath>

namespace tenbin::detail {

namespace {

// For scikit-learn's normal output, values this close to the ends are at them.
constexpr double bound = 1e-7;
// norm.ppf(1 - (1e-7 - 2^-52))
constexpr double largest_normal = 5.199337582605575;

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
  const double margin = normal ? bound : 0;
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
  if (place <= bound) return -largest_normal;
  if (place >= 1 - bound) return largest_normal;
  return std::clamp(normal_quantile(place), -largest_normal, largest_normal);
}

// Wichura 1988, algorithm AS 241, PPND16.
double normal_quantile(double p) {
  constexpr double a[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                          1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                          3.3430575583588128105e+4, 2.5090809287301226727e+3};
  constexpr double b[] = {1.0,
                          4.2313330701600911252e+1,
                          6.8718700749205790830e+2,
                          5.3941960214247511077e+3,
                          2.1213794301586595867e+4,
                          3.9307895800092710610e+4,
                          2.8729085735721942674e+4,
                          5.2264952788528545610e+3};
  constexpr double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                          3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                          2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr double d[] = {1.0,
                          2.05319162663775882187e0,
                          1.67638483018380384940e0,
                          6.89767334985100004550e-1,
                          1.48103976427480074590e-1,
                          1.51986665636164571966e-2,
                          5.47593808499534494600e-4,
                          1.05075007164441684324e-9};
  constexpr double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                          2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                          2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr double f[] = {1.0,
                          5.99832206555887937690e-1,
                          1.36929880922735805310e-1,
                          1.48753612908506148525e-2,
                          7.86869131145613259100e-4,
                          1.84631831751005468180e-5,
                          1.42151175831644588870e-7,
                          2.04426310338993978564e-15};
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
