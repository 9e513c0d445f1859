"""The metrics of the library's comparison, by scikit-learn."""
import numpy as np
from sklearn.metrics import (average_precision_score, balanced_accuracy_score, brier_score_loss, f1_score, log_loss,
                             matthews_corrcoef, recall_score, roc_auc_score, roc_curve)


def calibration_error(t, p, n_bins=15):
    confidence, right = p.max(axis=1), p.argmax(axis=1) == t
    bins = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    return np.abs(np.bincount(bins, confidence - right)).sum() / len(t)


def scores(t, p, decisions, positive, false_alarm_budget):
    is_positive, score = t == positive, p[:, positive]
    fpr, tpr, _ = roc_curve(is_positive, score)
    recalls = recall_score(t, decisions, average=None)
    return {
        "balanced_accuracy": balanced_accuracy_score(t, decisions),
        "f1_macro": f1_score(t, decisions, average="macro"),
        "g_mean": recalls.prod() ** (1 / len(recalls)),
        "matthews_corrcoef": matthews_corrcoef(t, decisions),
        "roc_auc": roc_auc_score(is_positive, score),
        "average_precision": average_precision_score(is_positive, score),
        "recall_at_fpr": tpr[fpr <= false_alarm_budget].max(),
        "brier_score": brier_score_loss(is_positive, score),
        "log_loss": log_loss(t, p),
        "ece": calibration_error(t, p),
    }
