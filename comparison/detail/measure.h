// The metrics of a comparison.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tenbin/comparison/result.h"

namespace tenbin::detail {

// The values of `comparison_metrics()`. t: int32 (N); p: float32 (N, K); decisions: integer (N).
std::vector<double> measure(const Array& t, const Array& p, const Array& decisions, std::size_t positive,
                            double false_alarm_budget);

// Errors: `caller: row 3 of probabilities must be >= 0 and sum to 1, its sum is nan`. p: float32 (N, K).
void require_probabilities(const std::string& caller, const Array& p);

FoundRows count_found(const Array& t, const Array& decisions, std::size_t positive);

// Balanced accuracy alone.
double balanced_accuracy(const Array& t, const Array& decisions, std::size_t n_class);

// The rows on which intervals are based.
struct PooledLabels {
  std::vector<std::int32_t> t;
  std::vector<std::size_t> fold_of;  // of each row
  std::size_t positive;
};

// Fills in the pooled metrics of methods from their probabilities. The resamples are drawn from the positive
// and from the other rows of each fold, and are the same for all methods. Folds without either are left out;
// if none is left, all values are NaN. `progress`, if given, is called now and then, by any thread.
void bootstrap(const std::vector<MethodResult*>& methods, const MethodResult& baseline, const PooledLabels& t,
               double false_alarm_budget, std::size_t n_resamples, std::uint64_t seed,
               const std::function<void()>& progress = {});

}  // namespace tenbin::detail
