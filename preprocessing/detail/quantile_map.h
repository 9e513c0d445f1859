// Quantile scaling: the empirical distribution function between some of its quantiles.
#pragma once

#include <cstddef>
#include <vector>

namespace tenbin::detail {

// `count` quantiles of the values, at equal distances from the minimum to the maximum, linearly interpolated
// (NumPy: `percentile`); fewer if there are fewer values. Precondition: at least one value, count > 0.
std::vector<double> quantiles_of(std::vector<double> values, std::size_t count);

// The place of the value among the ascending quantiles, from 0 to 1: the middle of the places where several
// quantiles are equal. `normal`: the value of a standard normal variable at that place. (scikit-learn:
// `QuantileTransformer`.)
double quantile_place(const std::vector<double>& quantiles, double value, bool normal);

// z with P(x <= z) = p for a standard normal x, to 16 digits. Precondition: 0 < p < 1.
double normal_quantile(double p);

}  // namespace tenbin::detail
