"""examples/coil.cpp with pandas, scikit-learn and imbalanced-learn: the same methods and metrics."""
import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (accuracy_score, average_precision_score, balanced_accuracy_score, brier_score_loss,
                             f1_score, precision_score, recall_score, roc_auc_score, roc_curve)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import job

LETTERS = 800  # that the insurer will send


def read(folder, part):
    table = pd.read_csv(f"{folder}/coil2000-{part}.csv")
    return table, (table.pop("CARAVAN") == "insurance").to_numpy(dtype=int)


def fit(x, t, class_weight=None):
    return LogisticRegression(C=0.01, class_weight=class_weight, max_iter=1000).fit(x, t)


def calibration_error(t, p, n_bins=10):
    bins = np.clip(np.ceil(p * n_bins).astype(int) - 1, 0, n_bins - 1)
    return np.abs(np.bincount(bins, p - t)).sum() / len(t)


def scores(t, p, threshold=0.5):
    y = p >= threshold
    return {"accuracy": accuracy_score(t, y), "balanced": balanced_accuracy_score(t, y),
            "P": precision_score(t, y, zero_division=0), "R": recall_score(t, y), "F1": f1_score(t, y),
            "AUC": roc_auc_score(t, p), "AP": average_precision_score(t, p), "Brier": brier_score_loss(t, p),
            "ECE": calibration_error(t, p), "top 800": t[np.argsort(-p, kind="stable")[:LETTERS]].sum()}


def tuned_threshold(x, t):
    """Of the highest balanced accuracy on a quarter of the training rows, by a model of the others."""
    fit_x, valid_x, fit_t, valid_t = train_test_split(x, t, test_size=0.25, stratify=t, random_state=1)
    fpr, tpr, thresholds = roc_curve(valid_t, fit(fit_x, fit_t).predict_proba(valid_x)[:, 1])
    return thresholds[np.argmax(tpr - fpr)]


def main():
    options = job.parse(0, 5, "data")
    (train_x, t), (test_x, test_t) = read(options.data, "train"), read(options.data, "test")
    texts = make_column_selector(dtype_exclude="number")
    prepare = make_pipeline(
        make_column_transformer((OneHotEncoder(sparse_output=False), texts), remainder="passthrough"),
        StandardScaler())
    x = prepare.fit_transform(train_x)
    test_x = prepare.transform(test_x)
    share = t.mean()
    results = {}

    def add(method, p, threshold=0.5):
        for metric, value in scores(test_t, p, threshold).items():
            results.setdefault(method, {}).setdefault(metric, []).append(float(value))

    add("majority", np.full(len(test_t), share))
    plain = fit(x, t).predict_proba(test_x)[:, 1]
    add("plain", plain)
    add("plain, threshold = prior", plain, share)
    add("plain, tuned threshold", plain, tuned_threshold(x, t))
    weighted = fit(x, t, "balanced").predict_proba(test_x)[:, 1]
    add("class weights", weighted)
    odds = weighted / (1 - weighted) * share / (1 - share)
    # The probabilities become calibrated; the predicted classes stay those of the weighted model.
    add("class weights + prior correction", odds / (1 + odds), share)
    for seed in range(options.seeds):
        for method, sampler in {"random over-sampling": RandomOverSampler, "SMOTE": SMOTE}.items():
            add(method, fit(*sampler(random_state=seed).fit_resample(x, t)).predict_proba(test_x)[:, 1])
    job.save(options, results)


main()
