// SMOTE: new rows for rare classes, interpolated between their own rows.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/resampling/synthetic.h"

namespace tenbin {

/// Options of smote.
struct SmoteOptions {
  SamplingStrategy sampling_strategy = {};
  std::size_t k_neighbors = 5;
  std::uint64_t seed = 1;
};

/// Chawla et al., "SMOTE: Synthetic minority over-sampling technique", JAIR 2002 (imbalanced-learn: `SMOTE`).
///
/// Every new row lies on the segment from a row to one of its k nearest neighbours of the same class, at a
/// uniformly random place; row and neighbour are drawn uniformly as well. The original rows come first, then
/// the new ones, ordered by class.
///
/// Apply it to the training part of a split only, after scaling, since it depends on distances: splits refuse
/// its result. x: floating (N, ...); t: integer (N). Errors: a class to grow with k samples or fewer, named
/// with its count; those of SamplingStrategy and nearest_neighbors.
///
///     const Dataset balanced = smote(all.subset(split.train), {.sampling_strategy = 0.5, .seed = 3});
Dataset smote(const Dataset& train, const SmoteOptions& options = {});

/// The recipes of the rows that `smote` makes, in order.
std::vector<Synthetic> smote_plan(const Dataset& train, const SmoteOptions& options = {});

}  // namespace tenbin
