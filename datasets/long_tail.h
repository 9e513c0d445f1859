// Long-tailed subsets of balanced data, as in the literature.
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// Class sizes that fall geometrically from n_max to n_max / imbalance_ratio (Cui et al., "Class-balanced
/// loss based on effective number of samples", CVPR 2019):
///
///     n_c = floor(n_max * imbalance_ratio^(-c / (n_class - 1))).
///
/// A power that rounding leaves just below a whole number counts as that number; other programs may take the
/// floor and have one sample less. Errors: n_class = 0; a ratio below 1 or not finite.
///
///     long_tail_counts(6000, 10, 100);   // 6000 3596 2156 1292 774 464 278 166 100 60
std::vector<std::size_t> long_tail_counts(std::size_t n_max, std::size_t n_class, double imbalance_ratio);

/// The indices of the first counts[c] samples of every class c, in file order: deterministic, so that every
/// program has the same subset.
///
/// t: integer (N). Errors: a class with fewer samples than counts[c]; a label outside [0, number of counts),
/// named with its position.
///
///     Dataset train = full.subset(long_tail_subset(full.t, long_tail_counts(6000, 10, 100)));
std::vector<std::size_t> long_tail_subset(const Array& t, const std::vector<std::size_t>& counts);

}  // namespace tenbin
