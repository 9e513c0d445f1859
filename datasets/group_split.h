// Splits that keep groups whole: all rows of a customer, a patient or a text on one side.
#pragma once

#include <cstdint>
#include <utility>

#include "tenbin/datasets/split.h"
#include "tenbin/datasets/table.h"

namespace tenbin {

/// The group of every sample: integers (N) of any values, or a column of a table, numeric or categorical.
/// Equal values are one group.
class SplitGroups {
 public:
  SplitGroups(Array groups) : values_(std::move(groups)) {}  // NOLINT(google-explicit-constructor)
  SplitGroups(const Column& column)                          // NOLINT(google-explicit-constructor)
      : values_(column.values), name_(column.name), is_column_(true) {}

  const Array& values() const { return values_; }
  /// A number per sample, int64 (N). Errors: not integers or not one axis; a column with a missing value,
  /// named with its row.
  Array checked(const char* caller) const;

 private:
  Array values_;
  std::string name_;
  bool is_column_ = false;
};

struct GroupSplitOptions {
  double valid = 0.2;  ///< the share of the validation set, in samples; 0: none
  double test = 0.2;   ///< the share of the test set
  std::uint64_t seed = 0;
  bool require_classes = true;  ///< whether it is an error if a class is missing from a set
};

/// Puts random groups into the test set, with class shares as even as that allows. (scikit-learn:
/// `GroupShuffleSplit`, which does not look at the classes.)
///
/// labels: a data set, or its labels (N), any values. Groups are visited in random order; group g goes to the
/// side s that then has the smallest sum over the classes c of (n_sc + g_c)^2 - n_sc^2, divided by f_s N_c^2,
/// where f_s is the share of the side, n_sc its samples of c so far and N_c those of all; ties go to the
/// training set. If a class is in as many groups as there are sides, or more, it is kept on every side where
/// the other classes allow it. The sizes of the sides are near test_fraction * N only if groups are small
/// compared to that. Errors: a data set that was resampled; lengths that differ; fewer groups than sides; a
/// fraction outside (0, 1); a class without samples on a side, named.
///
///     const Split split = group_split(table.labels(), table["customer"], 0.2, 1);
///     const Table train = table.rows(split.train);
Split group_split(const SplitLabels& labels, const SplitGroups& groups, double test_fraction,
                  std::uint64_t seed);

/// The same for three sets in one call. Errors: also valid outside [0, 1); valid + test >= 1.
///
///     const ThreeWaySplit split =
///         group_split(table.labels(), table["customer"], {.valid = 0.2, .test = 0.2, .seed = 1});
ThreeWaySplit group_split(const SplitLabels& labels, const SplitGroups& groups,
                          const GroupSplitOptions& options);

}  // namespace tenbin
