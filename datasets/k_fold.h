// Cross-validation: every sample is tested once.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/datasets/split.h"

namespace tenbin {

/// Cuts the samples into `n_splits` random folds with the same mixture of classes; split i tests fold i and
/// trains on the others (scikit-learn: `StratifiedKFold(shuffle=True)`).
///
/// The folds' sizes differ by at most 1, and so do their shares of every class. Errors: a data set that was
/// resampled; fewer than 2 folds; a class with fewer samples than folds, named, since a fold without it can
/// say nothing about it.
///
///     for (const Split& split : stratified_k_fold(all, 5, 1)) {
///       const StandardScaler scaler(all.subset(split.train).x);
///       ...
///     }
std::vector<Split> stratified_k_fold(const SplitLabels& labels, std::size_t n_splits, std::uint64_t seed);

/// `n_repeats` times `stratified_k_fold`, each time in other folds: n_splits * n_repeats splits, those of one
/// repetition in a row (scikit-learn: `RepeatedStratifiedKFold`). Errors: those; no repeats.
std::vector<Split> repeated_stratified_k_fold(const SplitLabels& labels, std::size_t n_splits,
                                              std::size_t n_repeats, std::uint64_t seed);

/// Folds that keep groups whole: samples of one patient, text or day are never on both sides (scikit-learn:
/// `GroupKFold`).
///
/// groups: integer (N), any values. The largest group goes first, each to the fold that is the smallest so
/// far: nothing is random. Errors: a data set that was resampled; groups and labels of different lengths;
/// fewer than 2 folds; fewer groups than folds.
std::vector<Split> group_k_fold(const SplitLabels& labels, const Array& groups, std::size_t n_splits);

/// Folds that keep groups whole and the mixture of classes as even as that allows (scikit-learn:
/// `StratifiedGroupKFold`).
///
/// Groups whose counts of the classes vary the most go first, equal ones in random order; each goes where it
/// leaves the least variance over the folds of a class's share, summed over the classes: of equal folds to
/// the smallest. All comparisons are of whole numbers. No fold is empty. Errors: those of `group_k_fold`.
std::vector<Split> stratified_group_k_fold(const SplitLabels& labels, const Array& groups,
                                           std::size_t n_splits, std::uint64_t seed);

}  // namespace tenbin
