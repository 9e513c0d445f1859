// Class priors: the frequencies of the classes in a population, from the class counts.
//
// `log_prior` is for losses and logits (functions/loss/logit_adjustment.h), `class_prior` and
// `weighted_prior` are for probabilities (calibration/prior_correction.h).
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// Class frequencies n_c / N: float64 (K). A class without samples has 0. Errors: no samples at all.
Array class_prior(const std::vector<std::size_t>& counts);

/// The class frequencies that a loss with class weights is trained on, w_c n_c / sum_k w_k n_k: float64 (K).
///
/// class_weight: float (K), as in `softmax_cross_entropy`. With balanced weights the result is 1 / K for
/// every class. Errors: another length; a weight that is negative or not finite; all weights 0.
Array weighted_prior(const std::vector<std::size_t>& counts, const Array& class_weight);

/// Logarithms of the class frequencies, log(n_c / N), float32 (K), for `logit_adjusted_cross_entropy`,
/// `balanced_softmax_cross_entropy` and `adjust_logits` (Menon et al., "Long-tail learning via logit
/// adjustment", ICLR 2021).
///
/// Errors: a class without samples, named; no classes.
///
///     logit_adjusted_cross_entropy(model(x), t, log_prior(counts))
Array log_prior(const std::vector<std::size_t>& counts);

namespace detail {

// A prior as numbers that sum to 1. Errors: a shape other than (n_class); an entry that is negative or not
// finite; all entries 0.
std::vector<double> to_prior(const char* function, const char* argument, const Array& prior,
                             std::size_t n_class);

}  // namespace detail

}  // namespace tenbin
