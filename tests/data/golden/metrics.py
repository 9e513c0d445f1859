"""Writes metrics.tsv and metrics.npz next to itself: random cases with the results of scikit-learn and imbalanced-learn.

    pip install scikit-learn==1.9.1 imbalanced-learn==0.14.2 scipy==1.17.1 numpy==2.4.6
    python metrics.py

Arrays (labels t, predictions or scores y, sample weights w) are in the .npz. The results are in the .tsv as text,
numbers of a list separated by commas, so that changes are visible in a diff.

float32 scores are passed to scikit-learn as float64, since it would compute in float32, which the library does not.
For log_loss they are first clipped to the epsilon that scikit-learn uses for float32.
"""

import pathlib
import warnings

import imblearn
import numpy as np
import scipy
import scipy.stats
import sklearn
from imblearn import metrics as im
from sklearn import metrics as sm
from sklearn.calibration import calibration_curve

warnings.simplefilter("ignore")
rng = np.random.default_rng(20251125)
here = pathlib.Path(__file__).parent
arrays = {}
lines = []


def text(value):
    return ",".join(repr(float(x)) for x in np.ravel(value))


def add_case(function, inputs, outputs, **options):
    name = f"{function}_{sum(line.startswith(function + '_') for line in lines):03d}"
    for role, array in inputs.items():
        arrays[f"{name}/{role}"] = array
    lines.append("\t".join([
        name,
        function,
        ";".join(f"{k}={v}" for k, v in options.items()),
        ";".join(f"{role}={name}/{role}" for role in inputs),
        ";".join(f"{k}={text(v)}" for k, v in outputs.items()),
    ]))


def dyadic_weights(n):
    """Multiples of 1/16 that add up to n: imbalanced-learn counts true negatives in rows, which is right only for such weights."""
    w = np.ones(n)
    for i, j in rng.integers(0, n, (n, 2)):
        share = w[i] if rng.random() < 0.1 else np.floor(rng.random() * w[i] * 16) / 16
        w[i] -= share
        w[j] += share
    assert w.sum() == n and (w >= 0).all()
    return w


def weights(kind, n):
    if kind == "none":
        return None
    if kind == "dyadic":
        return dyadic_weights(n)
    return rng.choice([rng.gamma(0.5, 2, n), rng.integers(0, 4, n) + 0.5])


def with_weights(inputs, w):
    return inputs if w is None else {**inputs, "w": w}


def small_dtype(labels):
    return labels.astype(rng.choice([np.int32, np.int64, np.uint8]))


# ---- labels ----------------------------------------------------------------------------------------------------


def label_case(index):
    n_class = int(rng.integers(2, 8))
    n = int(rng.choice([1, 2, 3, 7, 20, 60]))
    if index % 3 == 0:  # some classes are missing in the labels or in the predictions
        t = rng.choice(rng.choice(n_class, max(1, n_class // 2), replace=False), n)
        y = rng.choice(rng.choice(n_class, max(1, n_class - 1), replace=False), n)
    else:  # a long tail, often predicted well
        p = 3.0 ** -np.arange(n_class)
        t = rng.choice(n_class, n, p=p / p.sum())
        y = np.where(rng.random(n) < rng.random(), t, rng.integers(0, n_class, n))
    # If only one class occurs, rounding of weights makes 0/0 in scikit-learn's MCC and kappa arbitrary.
    lonely = len(np.unique(t)) == 1 or len(np.unique(y)) == 1
    kind = ["none", "dyadic", "dyadic" if lonely else "random"][index % 4 % 3]
    w = weights(kind, n)
    if w is not None and (w.sum() == 0 or any(w[t == c].sum() == 0 for c in np.unique(t))):
        w = np.ones(n)
        kind = "dyadic"
    labels = np.arange(n_class)
    given = dict(labels=labels, sample_weight=w)
    out = {
        "confusion": sm.confusion_matrix(t, y, **given),
        "accuracy": sm.accuracy_score(t, y, sample_weight=w),
        "balanced_accuracy": sm.balanced_accuracy_score(t, y, sample_weight=w),
        "mcc": sm.matthews_corrcoef(t, y, sample_weight=w),
    }
    for weighting in (None, "linear", "quadratic"):
        out[f"kappa_{weighting}"] = sm.cohen_kappa_score(t, y, weights=weighting, **given)
    for zero in (0.0, 1.0, np.nan):
        for beta in (1, 2):
            p, r, f, s = sm.precision_recall_fscore_support(t, y, beta=beta, zero_division=zero, **given)
            out[f"f_{beta}_{zero:.0f}"] = f
            for average in ("macro", "weighted"):
                out[f"f_{beta}_{zero:.0f}_{average}"] = sm.fbeta_score(
                    t, y, beta=beta, zero_division=zero, average=average, **given)
        out[f"precision_{zero:.0f}"], out[f"recall_{zero:.0f}"] = p, r
        for average in ("macro", "weighted"):
            out[f"precision_{zero:.0f}_{average}"] = sm.precision_score(
                t, y, zero_division=zero, average=average, **given)
            out[f"recall_{zero:.0f}_{average}"] = sm.recall_score(t, y, zero_division=zero, average=average, **given)
        out["support"] = s
    # Specificity is the recall of all other classes.
    out["specificity"] = [
        sm.recall_score(t != c, y != c, pos_label=True, sample_weight=w, zero_division=0) for c in labels]
    present = np.unique(t)
    out["g_mean"] = im.geometric_mean_score(t, y, labels=present, sample_weight=w)
    out["g_mean_corrected"] = im.geometric_mean_score(t, y, labels=present, sample_weight=w, correction=0.001)
    if kind != "random":
        assert np.allclose(out["specificity"], im.specificity_score(t, y, average=None, **given), atol=1e-14)
        out["geometric_mean"] = im.geometric_mean_score(t, y, average=None, **given)
        for average in ("macro", "weighted"):
            out[f"geometric_mean_{average}"] = im.geometric_mean_score(t, y, average=average, **given)
        iba = im.make_index_balanced_accuracy
        out["iba"] = iba(alpha=0.1, squared=True)(im.geometric_mean_score)(t, y, average=None, **given)
        out["iba_plain"] = iba(alpha=0.3, squared=False)(im.geometric_mean_score)(t, y, average=None, **given)
    add_case("labels", with_weights({"t": small_dtype(t), "y": y.astype(np.int32)}, w), out, n_class=n_class)


# ---- scores of two classes -------------------------------------------------------------------------------------


def clipped(p):
    eps = np.finfo(p.dtype).eps
    return np.clip(p.astype(float), eps, 1 - eps)


def binary_case(index):
    n = int(rng.choice([2, 3, 10, 30, 60]))
    prevalence = rng.choice([0.03, 0.3, 0.5])
    t = (rng.random(n) < prevalence).astype(int)
    t[0], t[-1] = 1, 0
    t = rng.permutation(t) if index % 10 else np.zeros(n, int)  # every tenth case has no positive row
    p = np.clip(rng.normal(0.4 + 0.2 * t, 0.25), 0, 1)
    if index % 2:
        p = np.round(p, int(rng.integers(0, 3)))  # ties, zeros and ones
    p = p.astype(rng.choice([np.float32, np.float64]))
    w = weights(["none", "dyadic", "random"][index % 3], n)
    if w is not None and (t.any() and w[t == 1].sum() == 0 or w[t == 0].sum() == 0):
        w = rng.random(n) + 0.1
    p64 = p.astype(float)
    pos_label = int(rng.choice([-5, 1, 7]))
    labels = np.where(t == 1, pos_label, rng.choice([0, 2, 3, 9], n) if pos_label != 1 else 0)
    out = {
        "average_precision": sm.average_precision_score(t, p64, sample_weight=w),
        "brier": sm.brier_score_loss(t, p64, sample_weight=w, pos_label=1),
        "brier_whole": sm.brier_score_loss(t, p64, sample_weight=w, pos_label=1, scale_by_half=False),
        "log_loss": sm.log_loss(t, clipped(p), sample_weight=w, labels=[0, 1]),
        "log_loss_sum": sm.log_loss(t, clipped(p), sample_weight=w, labels=[0, 1], normalize=False),
    }
    for drop in (True, False):
        curve = sm.precision_recall_curve(t, p64, sample_weight=w, drop_intermediate=drop, pos_label=1)
        out.update(zip([f"precision_{drop}", f"recall_{drop}", f"pr_thresholds_{drop}"], curve))
        if t.any():
            curve = sm.roc_curve(t, p64, sample_weight=w, drop_intermediate=drop)
            out.update(zip([f"fpr_{drop}", f"tpr_{drop}", f"roc_thresholds_{drop}"], curve))
    if t.any():
        out["roc_auc"] = sm.roc_auc_score(t, p64, sample_weight=w)
        out["roc_auc_0.1"] = sm.roc_auc_score(t, p64, sample_weight=w, max_fpr=0.1)
        out["roc_auc_0.6"] = sm.roc_auc_score(t, p64, sample_weight=w, max_fpr=0.6)
    if w is None:
        for strategy in ("uniform", "quantile"):
            for bins in (5, 15):
                curve = calibration_curve(t, p64, n_bins=bins, strategy=strategy, pos_label=1)
                out.update(zip([f"prob_true_{strategy}_{bins}", f"prob_pred_{strategy}_{bins}"], curve))
    add_case("binary", with_weights({"t": labels.astype(np.int32), "y": p}, w), out, pos_label=pos_label)


# ---- probabilities of several classes --------------------------------------------------------------------------


def calibration_error(t, p, n_bins, strategy):
    """sum_b n_b / N |prob_true - prob_pred|, over scikit-learn's bins."""
    true, predicted = calibration_curve(t, p, n_bins=n_bins, strategy=strategy, pos_label=1)
    edges = np.linspace(0, 1, n_bins + 1)
    if strategy == "quantile":
        edges = np.percentile(p, edges * 100)
    counts = np.bincount(np.searchsorted(edges[1:-1], p))
    return np.sum(counts[counts > 0] * np.abs(true - predicted)) / len(t)


def multiclass_case(index):
    n_class = int(rng.integers(3, 7))
    n = int(rng.choice([8, 30, 100]))
    present = n_class - 1 if index % 4 == 0 else n_class
    t = np.concatenate([np.arange(present), rng.choice(present, n, p=2.0 ** -np.arange(present) / np.sum(
        2.0 ** -np.arange(present)))])
    t = rng.permutation(t)
    n = len(t)
    logits = rng.normal(0, 1, (n, n_class)) + 1.5 * np.eye(n_class)[t]
    p = np.exp(logits)
    p /= p.sum(1, keepdims=True)
    if index % 2:  # sixteenths: ties within and between columns
        counts = np.array([rng.multinomial(16, row) for row in p])
        p = counts / 16
    p = p.astype(rng.choice([np.float32, np.float64]))
    p64 = p.astype(float)
    w = weights(["none", "dyadic", "random"][index % 3], n)
    if w is not None:
        w[np.unique(t, return_index=True)[1]] += 0.5
    labels = np.arange(n_class)
    onehot = (t[:, None] == labels).astype(int)
    out = {
        "roc_auc_per_class": sm.roc_auc_score(t, p64, multi_class="ovr", average=None, sample_weight=w, labels=labels),
        "roc_auc_ovr_weighted": sm.roc_auc_score(
            t, p64, multi_class="ovr", average="weighted", sample_weight=w, labels=labels),
        "ap_per_class": sm.average_precision_score(onehot, p64, average=None, sample_weight=w),
        "ap_macro": sm.average_precision_score(onehot, p64, average="macro", sample_weight=w),
        "ap_weighted": sm.average_precision_score(onehot, p64, average="weighted", sample_weight=w),
        "brier": sm.brier_score_loss(t, p64, sample_weight=w, labels=labels),
        "brier_half": sm.brier_score_loss(t, p64, sample_weight=w, labels=labels, scale_by_half=True),
        "log_loss": sm.log_loss(t, clipped(p), sample_weight=w, labels=labels),
    }
    if present == n_class:
        out["roc_auc_ovr_macro"] = sm.roc_auc_score(t, p64, multi_class="ovr", average="macro", sample_weight=w)
    if w is None:
        for average in ("macro", "weighted"):
            out[f"roc_auc_ovo_{average}"] = sm.roc_auc_score(
                t, p64, multi_class="ovo", average=average, labels=labels)
        guess = p64.argmax(1)
        for strategy in ("uniform", "quantile"):
            out[f"ece_{strategy}"] = calibration_error((t == guess).astype(int), p64.max(1), 15, strategy)
            out[f"ece_per_class_{strategy}"] = [
                calibration_error((t == c).astype(int), p64[:, c], 10, strategy) for c in labels]
    add_case("multiclass", with_weights({"t": small_dtype(t), "y": p}, w), out)


# ---- intervals -------------------------------------------------------------------------------------------------


def wilson_case(_):
    n = int(rng.choice([1, 2, 4, 39, 500, 100000]))
    k = int(rng.choice([0, n, rng.integers(0, n + 1)]))
    level = float(rng.choice([0.5, 0.9, 0.95, 0.999]))
    interval = scipy.stats.binomtest(k, n).proportion_ci(confidence_level=level, method="wilson")
    add_case("wilson", {}, {"interval": interval}, successes=k, trials=n, level=level)


for count, case in ((160, label_case), (150, binary_case), (120, multiclass_case), (30, wilson_case)):
    for index in range(count):
        case(index)

versions = f"scikit-learn {sklearn.__version__}, imbalanced-learn {imblearn.__version__}, SciPy {scipy.__version__}, " \
           f"NumPy {np.__version__}"
with open(here / "metrics.tsv", "w") as file:
    file.write(f"# Written by metrics.py with {versions}\n# id\tfunction\toptions\tinputs\toutputs\n")
    file.write("\n".join(lines) + "\n")
np.savez_compressed(here / "metrics.npz", **arrays)
print(len(lines), "cases,", versions)
