// Prior correction: probabilities for the class frequencies of the application, from a model trained on other
// frequencies.
//
// `adjust_logits` (functions/loss/logit_adjustment.h) does the same to logits, for uniform frequencies.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tenbin/datasets/class_prior.h"

namespace tenbin {

class StateReader;

/// Probabilities under other class frequencies (Elkan, "The foundations of cost-sensitive learning", IJCAI
/// 2001; Saerens, Latinne and Decaestecker, Neural Computation 14, 2002):
///
///     p_c <- p_c pi_c / pi'_c, renormalised,
///
/// where pi' (`seen`) are the frequencies of the training, after weights and resampling, and pi (`actual`)
/// those where the model is used. It corrects the bias that class weights, over- and undersampling cause in
/// probabilities; with two classes the ranking of rows does not change. With `actual` uniform the argmax is
/// that of p_c / pi'_c: post-hoc logit adjustment.
///
/// probabilities: float32 or float64 (N, K), or (N) or (N, 1) for class 1 of two; the result has the same
/// shape. seen, actual: (K), of any dtype, proportional to the frequencies: counts are valid. Computed in
/// float64; probabilities of 0 and 1 stay. Errors: rows that are not probabilities; priors of another length,
/// negative or not finite; seen[c] = 0, since nothing is known about such a class; a row whose probability is
/// 0 for all classes with actual[c] > 0.
///
///     Array p = softmax(model(x)).data();       // trained with class_weight = w
///     p = correct_prior(p, weighted_prior(counts, w), class_prior(counts));
Array correct_prior(const Array& probabilities, const Array& seen, const Array& actual);

/// `correct_prior` with both priors kept: for a model that is saved.
///
///     const PriorCorrection correction(weighted_prior(counts, w), class_prior(counts));
///     Array p = correction.transform(softmax(model(x)).data());
///     save_npz("prior.npz", correction);
class PriorCorrection {
 public:
  /// seen, actual: (K), K >= 2. Errors: those of `correct_prior` about priors.
  PriorCorrection(const Array& seen, const Array& actual);
  /// Loads what `save_npz` wrote. Errors: those of NpzReader; priors that the constructor refuses.
  static PriorCorrection load(const std::string& path);

  /// `correct_prior(probabilities, seen, actual)`, bit for bit.
  Array transform(const Array& probabilities) const;

  /// As passed, not normalised.
  const std::vector<double>& seen() const { return seen_; }
  const std::vector<double>& actual() const { return actual_; }
  std::size_t n_class() const { return seen_.size(); }

  /// For `save_npz` and `load_npz`.
  NamedArrays save_state() const;
  std::function<void()> prepare_load(StateReader& reader);

 private:
  friend class Calibration;
  PriorCorrection() = default;  // to be loaded

  std::vector<double> seen_;
  std::vector<double> actual_;
};

struct EstimatePriorOptions {
  double tolerance = 1e-8;  ///< stop when no frequency changes by more
  std::size_t max_iterations = 1000;
};

/// The class frequencies of unlabelled data, by expectation maximisation (Saerens et al. 2002):
///
///     q_c(x_i) = correct_prior(p, seen, pi)[i, c],    pi_c <- mean_i q_c(x_i),    from pi = seen on.
///
/// Every iteration increases the likelihood of the data; after `max_iterations` the current estimate is
/// returned. The method assumes that the probabilities are calibrated for `seen` and that only the class
/// frequencies have changed.
///
/// probabilities, seen: as in `correct_prior`. The result: float64 (K), sums to 1. Errors: those of
/// `correct_prior`; no rows.
///
///     Array prior = estimate_prior(p, seen);
///     p = correct_prior(p, seen, prior);
Array estimate_prior(const Array& probabilities, const Array& seen, const EstimatePriorOptions& options = {});

}  // namespace tenbin
