// Training, validation and test set with the same share of each class.
#pragma once

#include <cstdint>
#include <string>
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

/// The same with a validation set, on which thresholds, epochs and hyperparameters are chosen.
struct ThreeWaySplit {
  std::vector<std::size_t> train;
  std::vector<std::size_t> valid;
  std::vector<std::size_t> test;
};

/// Options of the three-way splits.
struct ThreeWayOptions {
  double valid = 0.2;  ///< the share of the validation set; 0: none
  double test = 0.2;   ///< the share of the test set
  std::uint64_t seed = 0;
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

/// The same for three sets in one call.
///
/// The test set is that of `stratified_split(labels, options.test, options.seed)`, unless a class would keep
/// a single sample; the validation set is taken from the rest in the same way, with options.valid * N
/// samples, rounded up. Every class is in all sets. Errors: those of the other; a class of two samples; valid
/// outside [0, 1); valid + test >= 1.
///
///     const ThreeWaySplit split = stratified_split(all, {.valid = 0.2, .test = 0.2, .seed = 1});
///     const Dataset train = all.subset(split.train), valid = all.subset(split.valid);
ThreeWaySplit stratified_split(const SplitLabels& labels, const ThreeWayOptions& options);

namespace detail {

// Errors: `stratified_split: expected valid in [0, 1), got 1.5`, test outside (0, 1), a sum of 1 or more.
void require_shares(const char* function, double valid, double test);

// Errors: `group_split: class 1 ("fraud") has no samples in the test set; ...`, with `advice`. `sides`: the
// sets, `side_names` their names. Negative labels belong to no class. `names`: of the classes, or empty.
void require_classes(const char* function, const Array& t,
                     const std::vector<std::pair<const char*, const std::vector<std::size_t>*>>& sides,
                     const std::vector<std::string>& names, const char* advice);

}  // namespace detail

}  // namespace tenbin
