// Training and test set, with the same mixture of classes.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// Indices of the samples on either side, ascending.
struct Split {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
};

/// Puts a random share of every class into the test set (scikit-learn: `train_test_split` with `stratify`).
///
/// t: integer (N), any values. The test set gets test_fraction * N samples, rounded up. Class by class that
/// is test_fraction * n_c, rounded so that the sum is right: up for the largest remainders, of equal ones the
/// smallest class label. Other than in scikit-learn every class is on both sides: where rounding leaves a
/// class out of one, that side gets one of its samples on top, and the test set may differ by as many.
/// The split depends on (t, test_fraction, seed) alone. Errors: a class of one sample, named; no samples; a
/// fraction outside (0, 1).
///
///     const Split split = stratified_split(all.t, 0.2, 1);
///     const Dataset train = all.subset(split.train), test = all.subset(split.test);
Split stratified_split(const Array& t, double test_fraction, std::uint64_t seed);

}  // namespace tenbin
