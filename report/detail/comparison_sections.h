// The sections of the report of a comparison: tables of the methods, and charts. Internal.
#pragma once

#include <string>
#include <vector>

#include "tenbin/comparison/result.h"
#include "tenbin/report/detail/page.h"

namespace tenbin::detail {

// What the sections read of a result, which outlives it.
struct ComparisonView {
  explicit ComparisonView(const ComparisonResult& result);

  bool has_folds() const { return result.folds.size() > 1; }
  // `25 folds`.
  std::string folds() const;
  // `plain (baseline)`.
  std::string name_of(const MethodResult& method) const;

  const ComparisonResult& result;
  const MethodResult& baseline;
  std::string positive;                      // in quotes
  std::vector<const MethodResult*> methods;  // that were possible
};

// report/detail/comparison_tables.cpp

// The metrics, the counts of the decisions, the intervals, what the methods are.
void method_section(Page& page, const ComparisonView& view);

// report/detail/comparison_charts.cpp

// The differences from the baseline. Nothing without other methods.
void difference_section(Page& page, const ComparisonView& view);
// Precision-recall, ROC, gain and reliability curves of a few methods.
void curve_section(Page& page, const ComparisonView& view);
// Confusion matrices and recalls of the baseline and of the method that decides best.
void mistake_section(Page& page, const ComparisonView& view);

}  // namespace tenbin::detail
