// Logit adjustment: the class frequencies as an offset of the logits, in training or after it.
#pragma once

#include "tenbin/functions/loss/softmax_cross_entropy.h"

namespace tenbin {

/// Softmax cross entropy of logits with the class frequencies pi added,
///
///     loss = softmax_cross_entropy(x + tau log_prior, t, options),     log_prior = log pi
///
/// so that x itself does not depend on them: its largest entry is the class that would be most probable if
/// all were equally frequent, which maximizes balanced accuracy. Predict from x itself. (Menon et al.,
/// "Long-tail learning via logit adjustment", ICLR 2021.)
///
/// x: (N, C, d1, ...) float32 or float64; t: as `softmax_cross_entropy` takes it, soft targets included.
/// log_prior: (C,), float32 or float64 on any device, finite: `log_prior(counts)`. tau: 1 by the theory; a
/// larger one favours rare classes more.
///
/// Errors: those of `softmax_cross_entropy`; a prior that does not fit; a tau that is not finite.
///
///     const Array prior = log_prior(class_counts(train.t, 10));
///     Variable loss = logit_adjusted_cross_entropy(model(x), t, prior);
Variable logit_adjusted_cross_entropy(const Variable& x, const Variable& t, const Array& log_prior,
                                      SoftmaxCrossEntropyOptions options = {}, double tau = 1);

/// Balanced softmax, the cross entropy of x + log n_c (Ren et al., "Balanced Meta-Softmax for Long-Tailed
/// Visual Recognition", NeurIPS 2020): `logit_adjusted_cross_entropy` with tau 1, as softmax is the same for
/// n_c and for n_c / N.
///
///     Variable loss = balanced_softmax_cross_entropy(model(x), t, log_prior(counts));
Variable balanced_softmax_cross_entropy(const Variable& x, const Variable& t, const Array& log_prior,
                                        SoftmaxCrossEntropyOptions options = {});

/// x - tau log_prior: logit adjustment after training, for a model that was trained with plain cross entropy
/// on classes of these frequencies. Its largest entry is the class that would be most probable if all were
/// equally frequent. (Menon et al., ICLR 2021: post-hoc logit adjustment.)
///
/// x, log_prior, tau and errors: as for `logit_adjusted_cross_entropy`; the result: like x.
///
///     const Array y = adjust_logits(model(test.x), log_prior(counts)).data();
///     accuracy(y, test.t);
Variable adjust_logits(const Variable& x, const Array& log_prior, double tau = 1);

}  // namespace tenbin
