// SMOTE-N: SMOTE for tables with categorical columns only.
#pragma once

#include <cstdint>

#include "tenbin/resampling/synthetic.h"

namespace tenbin {

/// Options of smote_n.
struct SmoteNOptions {
  SamplingStrategy sampling_strategy = {};
  std::size_t k_neighbors = 5;
  std::uint64_t seed = 1;
};

/// Chawla et al., JAIR 2002, section 6.2 (imbalanced-learn: `SMOTEN`).
///
/// Every column of a new row takes the most frequent value among the k nearest neighbours of a base row
/// within its class; ties are drawn for each new row. (The paper and imbalanced-learn also count the base
/// row.) The distance of two values of a column is the difference of
/// their class distributions over all training rows; the distance of two rows is the sum of the squares
/// (Stanfill and Waltz, 1986):
///
///     d(u, v) = sum_c |P(c | u) - P(c | v)|        D(a, b) = sum_j d(a_j, b_j)^2
///
/// Time is quadratic in the size of a class to grow. x: floating (N, columns) of codes; t: integer (N).
/// Errors: those of `smote`; values that are not finite. If there are continuous columns as well, use
/// `smote_nc`.
///
///     const Dataset balanced = smote_n(train, {.k_neighbors = 5, .seed = 3});
Dataset smote_n(const Dataset& train, const SmoteNOptions& options = {});

}  // namespace tenbin
