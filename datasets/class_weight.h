// Class weights for the loss, from the class counts of the training set.
//
//     const auto counts = class_counts(train.t, 10);
//     softmax_cross_entropy(model(x), t, {.class_weight = effective_number_class_weight(counts)});
//
// Weights that start at a later epoch: `DeferredReweighting` in ldam.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/datasets/class_counts.h"

namespace tenbin {

/// How a class without samples is treated.
enum class EmptyClass : unsigned char {
  error,  ///< an Error that names it
  zero,   ///< weight 0: if the label occurs nevertheless, it has no effect. K and the mean in the formulas
          ///< below are over the classes with samples
};

// Results: float32 (K), for `softmax_cross_entropy`'s `class_weight`, computed in double. Errors of all of
// them: no classes; no samples at all; a class without samples, unless `EmptyClass::zero`.
//
// The formulas differ in how strongly they favour rare classes, and in scale. `balanced_class_weight` has
// mean 1 over the samples, so that a loss divided by their number keeps its scale; the next three have mean 1
// over the classes. The scale cancels where the loss divides by the sum of weights (`Normalize::weight_sum`).

/// Weights that give every class the same total weight: w_c = N / (K n_c), with mean 1 over the samples.
/// (scikit-learn: `class_weight="balanced"`.)
///
///     softmax_cross_entropy(model(x), t, {.class_weight = balanced_class_weight(train.t, 10)});
Array balanced_class_weight(const std::vector<std::size_t>& counts,
                            EmptyClass empty_class = EmptyClass::error);
/// The same from labels, which are counted by `class_counts`.
Array balanced_class_weight(const Array& t, std::size_t n_class,
                            std::optional<std::int64_t> ignore_label = {},
                            EmptyClass empty_class = EmptyClass::error);

/// Inverse frequency: w_c proportional to 1 / n_c, with mean 1 over the classes: the balanced weights on
/// another scale.
Array inverse_frequency_class_weight(const std::vector<std::size_t>& counts,
                                     EmptyClass empty_class = EmptyClass::error);

/// Inverse square root: w_c proportional to 1 / sqrt(n_c), with mean 1 over the classes. Between no weights
/// and inverse frequency; for counts so uneven that with inverse frequency single samples would dominate.
Array inverse_sqrt_class_weight(const std::vector<std::size_t>& counts,
                                EmptyClass empty_class = EmptyClass::error);

/// One over the effective number of samples: w_c proportional to (1 - beta) / (1 - beta^n_c), with mean 1
/// over the classes (Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019).
///
/// beta: 0 gives equal weights; as beta goes to 1 the weights go to inverse frequency, and at 1 they are
/// inverse frequency; the paper tries 0.9, 0.99, 0.999 and 0.9999. Accurate to the last digit for any beta
/// and count. Errors: also a beta outside [0, 1].
Array effective_number_class_weight(const std::vector<std::size_t>& counts, double beta = 0.9999,
                                    EmptyClass empty_class = EmptyClass::error);

/// Smoothed weights, w_c = (n_min / n_c)^exponent: 1 for the rarest class, less for the others (Zhang et al.,
/// "Bag of Tricks for Long-Tailed Visual Recognition", AAAI 2021). Exponent 1 is inverse frequency and 1/2
/// the inverse square root, on this scale. Errors: also an exponent outside [0, 1].
Array smooth_class_weight(const std::vector<std::size_t>& counts, double exponent = 0.5,
                          EmptyClass empty_class = EmptyClass::error);

}  // namespace tenbin
