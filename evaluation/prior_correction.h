// Probabilities for the class frequencies of the world, from a model that was trained on others.
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// Class frequencies n_c / N: float64 (K). A class without samples has 0. Errors: no samples at all.
Array class_prior(const std::vector<std::size_t>& counts);

/// The frequencies that a loss with class weights sees, w_c n_c / sum_k w_k n_k: float64 (K).
///
/// class_weight: float (K), as `softmax_cross_entropy` takes it. With balanced weights the result is 1 / K
/// for every class. Errors: another length; a weight that is negative or not finite; all of them 0.
Array weighted_prior(const std::vector<std::size_t>& counts, const Array& class_weight);

/// Probabilities under other class frequencies (Elkan, "The foundations of cost-sensitive learning", IJCAI
/// 2001; Saerens, Latinne and Decaestecker, Neural Computation 14, 2002):
///
///     p_c <- p_c pi_c / pi'_c, renormalised,
///
/// where pi' (`seen`) is what the training saw, after weights and resampling, and pi (`actual`) is what holds
/// where the model is used. It undoes the damage that weights, over- and undersampling do to probabilities;
/// the ranking of two classes stays. With `actual` uniform its argmax is that of p_c / pi'_c: post-hoc logit
/// adjustment.
///
/// probabilities: float32 or float64 (N, K), or (N) or (N, 1) for class 1 of two; the result has the same
/// form. seen, actual: (K), of any dtype, in proportion to the frequencies: counts will do. Computed in
/// float64; probabilities of 0 and 1 stay. Errors: rows that are no probabilities; priors of another length,
/// negative or not finite; seen[c] = 0, as nothing is known of such a class; a row whose whole probability
/// lies on classes with actual[c] = 0.
///
///     Array p = softmax(model(x)).data();       // trained with class_weight = w
///     p = correct_prior(p, weighted_prior(counts, w), class_prior(counts));
Array correct_prior(const Array& probabilities, const Array& seen, const Array& actual);

struct EstimatePriorOptions {
  double tolerance = 1e-8;  ///< stop when no frequency changes by more
  std::size_t max_iterations = 1000;
};

/// The class frequencies of unlabelled data, by expectation maximisation (Saerens et al. 2002):
///
///     q_c(x_i) = correct_prior(p, seen, pi)[i, c],    pi_c <- mean_i q_c(x_i),    from pi = seen on.
///
/// Every iteration makes the data more likely; after `max_iterations` the estimate is returned as it is. It
/// assumes that the probabilities are calibrated for `seen` and that only the frequencies have shifted.
///
/// probabilities, seen: as in `correct_prior`. The result: float64 (K), sums to 1. Errors: those of
/// `correct_prior`; no rows.
///
///     Array prior = estimate_prior(p, seen);
///     p = correct_prior(p, seen, prior);
Array estimate_prior(const Array& probabilities, const Array& seen, const EstimatePriorOptions& options = {});

}  // namespace tenbin
