// Synthetic rows between existing rows: shared by SMOTE and its variants.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/datasets/dataset.h"
#include "tenbin/resampling/neighbors.h"
#include "tenbin/resampling/sampling_strategy.h"

namespace tenbin {

/// The recipe of a synthetic row, on the segment from a row to one of its neighbours:
///
///     x[base] + gap (x[neighbor] - x[base]), with the label of base.
struct Synthetic {
  std::size_t base;
  std::size_t neighbor;
  float gap;  ///< in [0, 1)
};

namespace detail {

// The checked training rows of a sampler of synthetic rows: x as it is on the CPU, t as int64.
struct SyntheticSource {
  Array x;
  Array t;
  ClassRows classes;
  SamplingStrategy::Counts wanted;  // new rows per class
};

// Errors: x is not floating; k is 0; labels; those of SamplingStrategy; a class to grow with k rows or fewer:
// `smote: class 2 has 3 samples, 5 nearest neighbours need at least 6`.
SyntheticSource synthetic_source(const char* function, const Dataset& train, const SamplingStrategy& strategy,
                                 std::size_t k_neighbors);

// Appends `count` recipes to `plan`: base rows drawn uniformly from `bases`, each with one of its neighbours
// drawn uniformly. Recipe i of a plan depends only on (seed, i) and the rows that it is drawn from.
void draw_synthetic(std::vector<Synthetic>& plan, std::size_t count, const std::vector<std::size_t>& bases,
                    const Neighbors& neighbors, std::uint64_t seed);

// train's rows, followed by those of the plan, marked as resampled by `function`.
Dataset append_synthetic(const char* function, const Dataset& train, const std::vector<Synthetic>& plan);

}  // namespace detail

}  // namespace tenbin
