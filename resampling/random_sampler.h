// Balance by chance: rows doubled, or rows left out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/datasets/dataset.h"
#include "tenbin/resampling/sampling_strategy.h"

namespace tenbin {

/// Options of random_over_sample and random_under_sample. Without seed and epoch every call draws other rows,
/// which `random::default_generator()` chooses; a seed alone means epoch 0.
struct RandomSample {
  SamplingStrategy sampling_strategy = {};
  std::optional<std::uint64_t> seed = {};   ///< 1, if the epoch is given
  std::optional<std::uint64_t> epoch = {};  ///< another draw for every epoch, known from (seed, epoch) alone
};

/// All rows, and then, class by class, as many drawn again, with replacement, as the balance asks for
/// (imbalanced-learn: `RandomOverSampler`).
///
/// Give it the training part of a split and nothing else: splits refuse its result. Errors: those of
/// SamplingStrategy; labels that are not integers (N).
///
///     const Dataset balanced = random_over_sample(all.subset(split.train), {.sampling_strategy = 0.5});
Dataset random_over_sample(const Dataset& train, const RandomSample& options = {});
/// The same as indices of `t`, the training labels, for Minibatches: nothing is copied.
std::vector<std::size_t> random_over_sample(const Array& t, const RandomSample& options = {});

/// A random part of the rows of every class that is too large, drawn without replacement; the rows stay in
/// their order (imbalanced-learn: `RandomUnderSampler`).
///
/// Give it the training part of a split and nothing else: splits refuse its result. Errors: those of
/// SamplingStrategy; labels that are not integers (N).
Dataset random_under_sample(const Dataset& train, const RandomSample& options = {});
/// The same as indices of `t`, the training labels, for Minibatches: another part in every epoch.
///
///     Minibatches(train, random_under_sample(train.t, {.epoch = epoch}), {.epoch = epoch})
std::vector<std::size_t> random_under_sample(const Array& t, const RandomSample& options = {});

}  // namespace tenbin
