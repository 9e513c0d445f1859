// What the class counts of the training set say to the loss.
#pragma once

#include <cstdint>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// How many samples every class has. Labels equal to `ignore_label` do not count.
///
/// t: integer, any shape. Errors: any other label outside [0, n_class), named with its position.
std::vector<std::size_t> class_counts(const Array& t, std::size_t n_class, std::int64_t ignore_label = -1);

/// Weights that let every class pull equally hard: w_c = N / (K n_c), whose mean over the samples is 1.
/// (scikit-learn: `class_weight="balanced"`.) float32 (K), for `softmax_cross_entropy`'s `class_weight`.
///
/// Errors: a class without samples, named; no classes.
///
///     softmax_cross_entropy(model(x), t, {.class_weight = balanced_class_weight(train.t, 10)});
Array balanced_class_weight(const std::vector<std::size_t>& counts);
/// The same from labels, as `class_counts` takes them.
Array balanced_class_weight(const Array& t, std::size_t n_class, std::int64_t ignore_label = -1);

/// Logarithms of the class frequencies, log(n_c / N), float32 (K): add them to the logits while training, or
/// subtract them when predicting (Menon et al., "Long-tail learning via logit adjustment", ICLR 2021).
///
/// Errors: a class without samples, named; no classes.
///
///     softmax_cross_entropy(model(x) + log_prior(counts), t)
Array log_prior(const std::vector<std::size_t>& counts);

}  // namespace tenbin
