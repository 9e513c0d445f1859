// The trainings of a comparison: every method in every fold.
#pragma once

#include "tenbin/comparison/comparison.h"
#include "tenbin/comparison/detail/plan.h"
#include "tenbin/comparison/detail/progress.h"
#include "tenbin/comparison/detail/run_state.h"

namespace tenbin::detail {

// The number of trainings that the choice of a network takes in a fold.
std::size_t network_units(const ComparisonOptions& options);
// The number of trainings in all folds of this process.
std::size_t fold_units(const ComparisonPlan& plan, const ComparisonMethods& methods,
                       const ComparisonOptions& options);

// Runs what is not in the state yet and is this process's, on several threads, and saves the state.
void run_folds(const ComparisonPlan& plan, const ComparisonMethods& methods, const ComparisonOptions& options,
               RunState& state, Progress& progress);

}  // namespace tenbin::detail
