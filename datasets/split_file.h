// Splits saved to a file, so that every run and every program tests on the same samples.
#pragma once

#include <string>
#include <vector>

#include "tenbin/datasets/split.h"

namespace tenbin {

/// Writes splits to an .npz file: int64 `train/0`, `test/0`, `train/1`, ..., and `labels`, the number and a
/// checksum of the labels that they were made for. Errors: those of `save_npz`; no splits; an index out of
/// range; a data set that was resampled.
///
///     save_splits("folds.npz", stratified_k_fold(all, 5, 1), all);
void save_splits(const std::string& path, const std::vector<Split>& splits, const SplitLabels& labels);

/// Loads splits and checks that they were made for these labels.
///
/// Errors: those of NpzReader; `folds.npz: the splits belong to other labels: 9822 of them, got int64(5822)`,
/// or labels of the same number but other values; an index out of range; a sample on both sides; a data set
/// that was resampled.
///
///     for (const Split& split : load_splits("folds.npz", all)) ...
std::vector<Split> load_splits(const std::string& path, const SplitLabels& labels);

}  // namespace tenbin
