// SMOTE-NC: SMOTE for tables with categorical and continuous columns.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/resampling/synthetic.h"

namespace tenbin {

/// Options of smote_nc.
struct SmoteNCOptions {
  std::vector<std::size_t> categorical_features = {};  ///< columns whose numbers are codes
  SamplingStrategy sampling_strategy = {};
  std::size_t k_neighbors = 5;
  std::uint64_t seed = 1;
};

/// Chawla et al., JAIR 2002, section 6.1 (imbalanced-learn: `SMOTENC`).
///
/// Continuous columns are made as by `smote`. A categorical column takes the most frequent value among the k
/// neighbours of the base row; ties are drawn for each new row. In the distance a different category adds
/// m^2, where m is the median over the continuous columns of their standard deviation within the class.
///
/// x: floating (N, columns). Errors: those of `smote`; a column that does not exist or is named twice; no
/// categorical column (use `smote`), or only such (use `smote_n`).
///
///     const Dataset balanced = smote_nc(train, {.categorical_features = {0, 3}});
Dataset smote_nc(const Dataset& train, const SmoteNCOptions& options);

}  // namespace tenbin
