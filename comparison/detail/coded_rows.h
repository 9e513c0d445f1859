// One-hot features as codes and back, for SMOTE-NC.
#pragma once

#include <vector>

#include "tenbin/datasets/dataset.h"
#include "tenbin/preprocessing/table_pipeline.h"

namespace tenbin::detail {

// Rows with one column for each one-hot encoded column, after the other features. Its numbers are codes, -1
// where none of its features is 1.
class CodedRows {
 public:
  // x: float32 (N, D), N above 0.
  CodedRows(const Dataset& rows, std::vector<FeatureRange> one_hot);

  const Dataset& coded() const { return coded_; }
  // The columns of codes.
  std::vector<std::size_t> categorical() const;
  bool has_numbers() const { return coded_.x.shape()[1] > one_hot_.size(); }

  // Rows of this form as features again. They stay marked as resampled.
  Dataset decoded(const Dataset& rows) const;

 private:
  void code(const float* x, std::vector<float>& values) const;
  void decode(const float* values, float* x) const;

  std::vector<FeatureRange> one_hot_;
  std::size_t columns_;
  Dataset coded_;
};

}  // namespace tenbin::detail
