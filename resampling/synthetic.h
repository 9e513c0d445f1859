// Rows made between rows: what SMOTE and its relatives have in common.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/datasets/dataset.h"
#include "tenbin/resampling/neighbors.h"
#include "tenbin/resampling/sampling_strategy.h"

namespace tenbin {

/// The recipe of a synthetic row, on the way from a row to one of its neighbours:
///
///     x[base] + gap (x[neighbor] - x[base]), with the label of base.
struct Synthetic {
  std::size_t base;
  std::size_t neighbor;
  float gap;  ///< in [0, 1)
};

namespace detail {

// The training rows that a sampler of synthetic rows works on, checked: x as it is on the CPU, t as int64.
struct SyntheticSource {
  Array x;
  Array t;
  ClassRows classes;
  SamplingStrategy::Counts wanted;  // of every class
};

// Errors: x is not floating; k is 0; labels; those of SamplingStrategy; a class that is to grow and has not
// more than k rows: `smote: class 2 has 3 samples, 5 nearest neighbours need at least 6`.
SyntheticSource synthetic_source(const char* function, const Dataset& train, const SamplingStrategy& strategy,
                                 std::size_t k_neighbors);

// Appends `count` recipes to `plan`: bases drawn uniformly from the rows `bases`, each with one of its
// neighbours drawn uniformly. Recipe number i of a plan depends on (seed, i) and what it is drawn from alone.
void draw_synthetic(std::vector<Synthetic>& plan, std::size_t count, const std::vector<std::size_t>& bases,
                    const Neighbors& neighbors, std::uint64_t seed);

// train's rows, then those of the plan, marked as resampled by `function`.
Dataset append_synthetic(const char* function, const Dataset& train, const std::vector<Synthetic>& plan);

}  // namespace detail

}  // namespace tenbin
