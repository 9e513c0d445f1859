// Borderline-SMOTE: rare classes filled up where they meet the others.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/resampling/synthetic.h"

namespace tenbin {

enum class BorderlineKind {
  one,  ///< new rows between a row in danger and its neighbours of the same class
  two   ///< also towards its nearest row of another class, less than half the way
};

struct BorderlineSmote {
  SamplingStrategy sampling_strategy = {};
  std::size_t k_neighbors = 5;   ///< of the same class, to go towards
  std::size_t m_neighbors = 10;  ///< of any class, to tell the danger by
  BorderlineKind kind = BorderlineKind::one;
  std::uint64_t seed = 1;
};

/// Han et al., "Borderline-SMOTE: A new over-sampling method in imbalanced data sets learning", ICIC 2005
/// (imbalanced-learn: `BorderlineSMOTE`).
///
/// As `smote`, but new rows start only from those in danger: at least half of their m nearest neighbours, but
/// not all, are of other classes. With kind two the nearest row of another class is one neighbour more, drawn
/// like the others, and the place lies in the first half of the way. Errors: those of `smote`; not more than
/// m rows; a class to grow that has no row in danger, named.
///
///     const Dataset balanced = borderline_smote(train, {.kind = BorderlineKind::two});
Dataset borderline_smote(const Dataset& train, const BorderlineSmote& options = {});

/// The recipes of the rows that `borderline_smote` makes, in their order.
std::vector<Synthetic> borderline_smote_plan(const Dataset& train, const BorderlineSmote& options = {});

}  // namespace tenbin
