// SMOTE-N: SMOTE for tables in which every column holds categories.
#pragma once

#include <cstdint>

#include "tenbin/resampling/synthetic.h"

namespace tenbin {

struct SmoteN {
  SamplingStrategy sampling_strategy = {};
  std::size_t k_neighbors = 5;
  std::uint64_t seed = 1;
};

/// Chawla et al., JAIR 2002, section 6.2 (imbalanced-learn: `SMOTEN`).
///
/// Every column of a new row takes the value that is the most frequent among the k nearest neighbours of a
/// base within its class, of equally frequent ones the smallest. (The paper counts the base too and draws
/// among equally frequent ones; this is what imbalanced-learn does.) Two values of a column are as far from
/// each other as their classes differ, in all training rows, and rows as the sum of the squares (Stanfill and
/// Waltz, 1986):
///
///     d(u, v) = sum_c |P(c | u) - P(c | v)|        D(a, b) = sum_j d(a_j, b_j)^2
///
/// Time grows with the square of the size of a class that is to grow. x: floating (N, columns) of codes; t:
/// integer (N). Errors: those of `smote`; values that are not finite. For continuous columns as well:
/// `smote_nc`.
///
///     const Dataset balanced = smote_n(train, {.k_neighbors = 5, .seed = 3});
Dataset smote_n(const Dataset& train, const SmoteN& options = {});

}  // namespace tenbin
