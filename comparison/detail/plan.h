// What a comparison does, after its arguments have been checked.
#pragma once

#include <functional>
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

  // A hash of everything that the results of a method depend on, but the method.
  std::string key(const ComparisonOptions& options) const;
  // The same with another version of the library.
  std::string key(const ComparisonOptions& options, const std::string& version) const;
};

// Errors: those of `compare` about the table and the options.
ComparisonPlan make_plan(const Table& table, const ComparisonOptions& options);

// The same for a model that is trained on all rows: without splits. `function`: the caller's, for errors.
ComparisonPlan make_training_plan(const char* function, const Table& table, const ComparisonOptions& options);

// The settings of a method: chosen on the inner folds, if it has candidates and `tune` is set. `tried`, if
// given, is called after each candidate.
MethodSettings choose_settings(const TrainingContext& context, const ComparisonMethod& method, bool tune,
                               const std::function<void()>& tried = {});
// The number of trainings that takes, in units of one on the whole training part.
std::size_t training_units(const ComparisonMethod& method, const ComparisonOptions& options);

// The rows of both tables, first those of `train`. Precondition: `test.like(train)`.
Table stacked(const Table& train, const Table& test);

}  // namespace tenbin::detail
