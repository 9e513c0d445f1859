// What a comparison does, after its arguments have been checked.
#pragma once

#include <string>
#include <vector>

#include "tenbin/comparison/comparison.h"
#include "tenbin/comparison/detail/fold_data.h"

namespace tenbin::detail {

struct ComparisonPlan {
  FoldSource source;
  std::vector<std::string> left_out_columns;  // and why
  std::vector<Split> splits;
  std::size_t n_folds = 0;  // of a repetition; 0: the splits were given
  std::size_t n_repeats = 0;
  std::size_t n_pooled_folds = 0;  // the first ones, in which no test row occurs twice
  std::vector<std::size_t> counts;

  // A hash of everything that the results of a method depend on.
  std::string key(const ComparisonOptions& options) const;
};

// Errors: those of `compare` about the table and the options.
ComparisonPlan make_plan(const Table& table, const ComparisonOptions& options);

// The same for a model that is trained on all rows: without splits.
ComparisonPlan make_training_plan(const Table& table, const ComparisonOptions& options);

// The settings of a method: chosen on the inner folds, if it has candidates and `tune` is set.
MethodSettings choose_settings(const TrainingContext& context, const ComparisonMethod& method, bool tune);
// The number of trainings that takes, in units of one on the whole training part.
std::size_t training_units(const ComparisonMethod& method, const ComparisonOptions& options);

// The columns that the default pipeline drops, and why: "name (no values)".
std::vector<std::string> left_out_columns(const Table& table);

// The rows of both tables, first those of `train`. Precondition: `test.like(train)`.
Table joined(const Table& train, const Table& test);

}  // namespace tenbin::detail
