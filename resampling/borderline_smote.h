// Borderline-SMOTE: new rows for rare classes near the border to other classes.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/resampling/synthetic.h"

namespace tenbin {

enum class BorderlineKind {
  one,  ///< new rows between a row in danger and its neighbours of the same class
  two   ///< also towards its nearest row of another class, less than half the distance
};

/// Options of borderline_smote.
struct BorderlineSmoteOptions {
  SamplingStrategy sampling_strategy = {};
  std::size_t k_neighbors = 5;   ///< neighbours of the same class, between which new rows are made
  std::size_t m_neighbors = 10;  ///< neighbours of any class, which decide whether a row is in danger
  BorderlineKind kind = BorderlineKind::one;
  std::uint64_t seed = 1;
};

/// Han et al., "Borderline-SMOTE: A new over-sampling method in imbalanced data sets learning", ICIC 2005
/// (imbalanced-learn: `BorderlineSMOTE`).
///
/// Like `smote`, but new rows start only from rows in danger: at least half of their m nearest neighbours,
/// but not all, are of other classes. With kind two the nearest row of another class is one more neighbour,
/// drawn like the others, and the new row lies in the half of the segment that is nearer to the row in
/// danger. Errors: those of `smote`; m or fewer rows; a class to grow that has no row in danger, named.
///
///     const Dataset balanced = borderline_smote(train, {.kind = BorderlineKind::two});
Dataset borderline_smote(const Dataset& train, const BorderlineSmoteOptions& options = {});

/// The recipes of the rows that `borderline_smote` makes, in their order.
std::vector<Synthetic> borderline_smote_plan(const Dataset& train,
                                             const BorderlineSmoteOptions& options = {});

}  // namespace tenbin
