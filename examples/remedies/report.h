// The results of the comparison as text, JSON and CSV.
#pragma once

#include <string>

#include "tenbin/examples/common/json.h"
#include "tenbin/examples/remedies/results.h"

namespace tenbin::examples {

/// Significance level: p-values below it are marked.
inline constexpr double significance_level = 0.05;

/// Mean and standard deviation over the splits, in percent, marked + or - where a method is significantly
/// better or worse than the baseline; and for the rarest class the number of rows found, with Wilson's
/// interval.
std::string to_table(const Results& results);
/// Every value of every split, the differences and their p-values.
Json to_json(const Results& results, const ComparisonData& data, const TrainingOptions& training,
             std::uint64_t seed);
/// One line for every method, metric and split. Errors: the file cannot be written.
void save_csv(const Results& results, const std::string& path);

}  // namespace tenbin::examples
