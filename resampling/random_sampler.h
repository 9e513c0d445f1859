// Random over-sampling and under-sampling: rows repeated or left out at random.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/datasets/dataset.h"
#include "tenbin/resampling/sampling_strategy.h"

namespace tenbin {

/// Options of random_over_sample and random_under_sample. Without seed and epoch every call draws other rows,
/// from `random::default_generator()`; a seed alone means epoch 0.
struct RandomSampleOptions {
  SamplingStrategy sampling_strategy = {};
  std::optional<std::uint64_t> seed = {};   ///< 1, if the epoch is given
  std::optional<std::uint64_t> epoch = {};  ///< gives every epoch its own draw, which depends on (seed,
                                            ///< epoch) alone
};

/// All rows, followed for each class by the additional rows that the strategy asks for, drawn with
/// replacement (imbalanced-learn: `RandomOverSampler`).
///
/// Apply it to the training part of a split only: splits refuse its result. Errors: those of
/// SamplingStrategy; labels that are not integers (N).
///
///     const Dataset balanced = random_over_sample(all.subset(split.train), {.sampling_strategy = 0.5});
Dataset random_over_sample(const Dataset& train, const RandomSampleOptions& options = {});
/// The same as indices of `t`, the training labels, for Minibatches: nothing is copied.
std::vector<std::size_t> random_over_sample(const Array& t, const RandomSampleOptions& options = {});

/// A random part of the rows of every class that is too large, drawn without replacement; the rows keep their
/// order (imbalanced-learn: `RandomUnderSampler`).
///
/// Apply it to the training part of a split only: splits refuse its result. Errors: those of
/// SamplingStrategy; labels that are not integers (N).
Dataset random_under_sample(const Dataset& train, const RandomSampleOptions& options = {});
/// The same as indices of `t`, the training labels, for Minibatches: a different part in every epoch.
///
///     Minibatches(train, random_under_sample(train.t, {.epoch = epoch}), {.epoch = epoch})
std::vector<std::size_t> random_under_sample(const Array& t, const RandomSampleOptions& options = {});

}  // namespace tenbin
