"""Writes calibration.npz: scikit-learn's results for thresholds, calibration and priors.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    python generate.py

Keys are kind/case/array, `isotonic/3/scores`. README.md describes the arrays.
"""

import os

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import log_softmax, softmax
from sklearn.calibration import _SigmoidCalibration, _TemperatureScaling
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import balanced_accuracy_score, fbeta_score, precision_recall_curve, recall_score
from sklearn.naive_bayes import GaussianNB

arrays = {}


def save(kind, case, **values):
    for name, value in values.items():
        arrays[f"{kind}/{case}/{name}"] = np.asarray(value)


def binary_case(rng):
    """Overlapping scores, in two of three cases with many ties; half of the cases with weights."""
    n = int(rng.integers(4, 200))
    t = (rng.random(n) < rng.uniform(0.1, 0.6)).astype(np.int32)
    t[:2] = 0, 1
    scores = rng.normal(size=n) * rng.uniform(0.3, 4) + t * rng.uniform(-0.5, 3)
    decimals = int(rng.integers(0, 3))
    if decimals < 2:
        scores = np.round(scores, decimals)
    weights = rng.integers(0, 5, n).astype(float) if rng.random() < 0.5 else np.ones(n)
    weights[:2] += 1
    return scores, t, weights


def best_threshold(scores, t, weights):
    """The best value of every objective, by trying all thresholds with scikit-learn's metrics."""
    best = dict.fromkeys(["f1", "f2", "f_half", "balanced_accuracy", "g_mean", "cost_1_7"], -np.inf)
    for threshold in [*np.unique(scores), np.inf]:
        y = (scores >= threshold).astype(int)
        w = dict(sample_weight=weights)
        recall = recall_score(t, y, zero_division=0, **w)
        specificity = recall_score(t, y, pos_label=0, zero_division=0, **w)
        cost = np.sum(weights * np.where(t == 1, 7 * (y == 0), y == 1)) / weights.sum()
        values = dict(
            f1=fbeta_score(t, y, beta=1, zero_division=0, **w),
            f2=fbeta_score(t, y, beta=2, zero_division=0, **w),
            f_half=fbeta_score(t, y, beta=0.5, zero_division=0, **w),
            balanced_accuracy=balanced_accuracy_score(t, y, **w),
            g_mean=np.sqrt(recall * specificity),
            cost_1_7=-cost,
        )
        best = {name: max(best[name], value) for name, value in values.items()}
    # The last point, precision 1 at recall 0, means no prediction at all.
    precision, recall, _ = precision_recall_curve(t, scores, sample_weight=weights)
    precision, recall = precision[:-1], recall[:-1]
    best["precision_at_recall_75"] = precision[recall >= 0.75].max()
    allowed = recall[precision >= 0.4]
    best["recall_at_precision_40"] = allowed.max() if allowed.size else np.nan
    return best


def sigmoid_optimum(scores, t, weights):
    """a and b to full precision: scikit-learn stops at a tolerance."""
    n1, n0 = weights[t == 1].sum(), weights[t == 0].sum()
    target = np.where(t == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))

    def value(ab):
        u = ab[0] * scores + ab[1]
        return np.sum(weights * (target * u + np.logaddexp(0, -u)))

    def gradient(ab):
        first = weights * (target - 1 / (1 + np.exp(ab[0] * scores + ab[1])))
        return np.array([first @ scores, first.sum()])

    def hessian(ab):
        p = 1 / (1 + np.exp(ab[0] * scores + ab[1]))
        second = weights * p * (1 - p)
        return np.array([[second @ scores**2, second @ scores], [second @ scores, second.sum()]])

    ab = minimize(value, [0, np.log((n0 + 1) / (n1 + 1))], jac=gradient, method="BFGS").x
    for _ in range(20):
        ab = ab - np.linalg.solve(hessian(ab), gradient(ab))
    assert np.abs(gradient(ab)).max() < 1e-10
    return ab


def temperature_optimum(logits, t, weights):
    """The root of the likelihood's derivative with respect to log T."""

    def slope(log_t):
        z = logits / np.exp(log_t)
        p = softmax(z, axis=1)
        return np.sum(weights * (np.take_along_axis(z, t[:, None], 1)[:, 0] - np.sum(p * z, axis=1)))

    return np.exp(brentq(slope, np.log(0.01), np.log(100), xtol=1e-15, rtol=1e-15))


def main():
    rng = np.random.default_rng(20)
    for case in range(40):
        scores, t, weights = binary_case(rng)
        save("threshold", case, scores=scores, t=t, weights=weights, **best_threshold(scores, t, weights))

    for case in range(30):
        scores, t, weights = binary_case(rng)
        model = IsotonicRegression(out_of_bounds="clip").fit(scores, t, sample_weight=weights)
        query = np.concatenate([scores, rng.uniform(scores.min() - 1, scores.max() + 1, 50)])
        save("isotonic", case, scores=scores, t=t, weights=weights, query=query, p=model.predict(query),
             x_thresholds=model.X_thresholds_, y_thresholds=model.y_thresholds_)

    for case in range(20):
        scores, t, weights = binary_case(rng)
        if case >= 18:  # separable; the smoothed targets keep the answer finite
            scores = np.where(t == 1, 1.0, -1.0) * rng.uniform(1, 2, t.size)
        model = _SigmoidCalibration().fit(scores, t, sample_weight=weights)
        a, b = sigmoid_optimum(scores, t, weights)
        save("platt", case, scores=scores, t=t, weights=weights, a=a, b=b, sklearn_a=model.a_, sklearn_b=model.b_)

    for case in range(20):
        n, k = int(rng.integers(20, 200)), int(rng.integers(2, 7))
        t = rng.integers(0, k, n).astype(np.int32)
        logits = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[t]
        logits *= np.exp(rng.uniform(-2, 2))
        weights = rng.integers(0, 5, n).astype(float) + 0.5 if case % 2 else np.ones(n)
        temperature = temperature_optimum(logits, t, weights)
        model = _TemperatureScaling().fit(logits, t, sample_weight=weights)
        save("temperature", case, logits=logits, t=t, weights=weights, temperature=temperature,
             sklearn_temperature=1 / model.beta_, p=np.exp(log_softmax(logits / temperature, axis=1)))

    for case in range(10):
        n, k = int(rng.integers(20, 100)), int(rng.integers(2, 6))
        t = np.concatenate([np.arange(k), np.arange(k), rng.integers(0, k, n)])
        x = rng.normal(size=(t.size, 3)) + np.eye(k, 3)[t]
        seen, actual = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))
        # The likelihoods of naive Bayes do not depend on its priors, so its correction is exact.
        p_seen = GaussianNB(priors=seen).fit(x, t).predict_proba(x)
        p_actual = GaussianNB(priors=actual).fit(x, t).predict_proba(x)
        prior = seen
        for _ in range(100):
            q = p_seen * prior / seen
            prior = np.mean(q / q.sum(axis=1, keepdims=True), axis=0)
        save("prior", case, p_seen=p_seen, seen=seen, actual=actual, p_actual=p_actual, em_100=prior)

    np.savez_compressed(os.path.join(os.path.dirname(os.path.abspath(__file__)), "calibration.npz"), **arrays)


if __name__ == "__main__":
    main()
