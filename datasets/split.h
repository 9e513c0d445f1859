// Training and test set with the same share of each class.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tenbin/datasets/dataset.h"

namespace tenbin {

/// The labels that a split is made from: a data set, or labels alone, integer (N).
///
/// Split first, then resample. In resampled data (by `smote` or a similar function), copies and near copies
/// of one row would be on both sides, and the test result would be too optimistic: every split refuses such a
/// data set. An array carries no such mark, so pass the data set where there is one.
class SplitLabels {
 public:
  SplitLabels(const Dataset& data)  // NOLINT(google-explicit-constructor)
      : t_(data.t), resampled_by_(data.resampled_by) {}
  SplitLabels(Array t) : t_(std::move(t)) {}  // NOLINT(google-explicit-constructor)

  /// The labels as int64 (N). Errors: the data set was resampled; not integers; not one axis.
  Array checked(const char* caller) const;

 private:
  Array t_;
  const char* resampled_by_ = nullptr;
};

/// The indices of the samples on each side, ascending.
struct Split {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
};

/// Puts a random part of every class into the test set (scikit-learn: `train_test_split` with `stratify`).
///
/// labels: a data set, or its labels, of any values. The test set gets n_test = test_fraction * N samples,
/// rounded up. Class c has n_test n_c / N of them, rounded down, plus one for the classes with the largest
/// remainders until the sum is n_test; ties go to the smallest class label. For 40 and 10 samples and a
/// fraction of 0.322, n_test is 17, the shares are 13.6 and 3.4, and the test set has 14 and 3. Unlike in
/// scikit-learn every class is on both sides: where rounding leaves a class out of one side, one of its
/// samples is added there, and the size of the test set may differ by that. The split depends on (labels,
/// test_fraction, seed) alone. Errors: a data set that was resampled; a class of one sample, named; no
/// samples; a fraction outside (0, 1).
///
///     const Split split = stratified_split(all, 0.2, 1);
///     const Dataset train = all.subset(split.train), test = all.subset(split.test);
Split stratified_split(const SplitLabels& labels, double test_fraction, std::uint64_t seed);

}  // namespace tenbin
