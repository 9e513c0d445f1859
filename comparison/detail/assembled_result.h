// The result of a comparison, from what was found in its folds.
#pragma once

#include "tenbin/comparison/comparison.h"
#include "tenbin/comparison/detail/plan.h"
#include "tenbin/comparison/detail/progress.h"
#include "tenbin/comparison/detail/run_state.h"

namespace tenbin::detail {

constexpr std::size_t bootstrap_units = 1;

// Precondition: every method in every fold is in the state. Errors: the baseline was not possible.
ComparisonResult assembled(const ComparisonPlan& plan, const ComparisonMethods& methods,
                           const ComparisonOptions& options, const RunState& state, Progress& progress);

}  // namespace tenbin::detail
