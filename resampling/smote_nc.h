// SMOTE-NC: SMOTE for tables in which some columns hold categories.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/resampling/synthetic.h"

namespace tenbin {

struct SmoteNC {
  std::vector<std::size_t> categorical_features = {};  ///< columns whose numbers are codes
  SamplingStrategy sampling_strategy = {};
  std::size_t k_neighbors = 5;
  std::uint64_t seed = 1;
};

/// Chawla et al., JAIR 2002, section 6.1 (imbalanced-learn: `SMOTENC`).
///
/// Continuous columns are made as by `smote`. A categorical column takes the value that is the most frequent
/// among the k neighbours of the base, of equally frequent ones the smallest. In the distance a category that
/// differs counts m^2, where m is the median over the continuous columns of their standard deviation within
/// the class. (imbalanced-learn counts m^2 / 2.)
///
/// x: floating (N, columns). Errors: those of `smote`; a column that is not there or named twice; no
/// categorical column, or no other: `smote` and `smote_n` are for those.
///
///     const Dataset balanced = smote_nc(train, {.categorical_features = {0, 3}});
Dataset smote_nc(const Dataset& train, const SmoteNC& options);

}  // namespace tenbin
