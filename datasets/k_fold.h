// Cross-validation: every sample is in the test part once.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/datasets/group_split.h"
#include "tenbin/datasets/split.h"

namespace tenbin {

/// Cuts the samples into `n_splits` random folds with the same share of each class; split i tests on fold i
/// and trains on the others (scikit-learn: `StratifiedKFold(shuffle=True)`).
///
/// The sizes of the folds differ by at most 1, and so do their counts of each class. Errors: a data set that
/// was resampled; fewer than 2 folds; a class with fewer samples than folds, named, since a fold without the
/// class cannot measure it.
///
///     for (const Split& split : stratified_k_fold(all, 5, 1)) {
///       const StandardScaler scaler(all.subset(split.train).x);
///       ...
///     }
std::vector<Split> stratified_k_fold(const SplitLabels& labels, std::size_t n_splits, std::uint64_t seed);

/// `stratified_k_fold`, `n_repeats` times with different folds: n_splits * n_repeats splits, ordered by
/// repetition (scikit-learn: `RepeatedStratifiedKFold`). Errors: those of `stratified_k_fold`; n_repeats = 0.
std::vector<Split> repeated_stratified_k_fold(const SplitLabels& labels, std::size_t n_splits,
                                              std::size_t n_repeats, std::uint64_t seed);

/// Folds that keep groups whole: samples of one patient, text or day are never on both sides of a split
/// (scikit-learn: `GroupKFold`).
///
/// groups: integer (N), any values, or a column of a table. Groups are assigned in order of size, the largest
/// first, each to the smallest fold so far; the result is deterministic. Errors: a data set that was
/// resampled; groups and labels of different lengths; fewer than 2 folds; fewer groups than folds.
///
///     group_k_fold(table.labels(), table["patient"], 5);
std::vector<Split> group_k_fold(const SplitLabels& labels, const SplitGroups& groups, std::size_t n_splits);

/// Folds that keep groups whole, with class shares as even as that allows (scikit-learn:
/// `StratifiedGroupKFold`).
///
/// Groups with the largest variance of class counts are assigned first, ties in random order. Each group goes
/// to the fold that leaves the smallest variance over the folds of a class's share, summed over the classes;
/// ties go to the smallest fold. All comparisons are of integers. No fold is empty. Errors: those of
/// `group_k_fold`.
std::vector<Split> stratified_group_k_fold(const SplitLabels& labels, const SplitGroups& groups,
                                           std::size_t n_splits, std::uint64_t seed);

}  // namespace tenbin
