"""The methods of the library's `standard_methods`, for two classes: {name: function}. A function gets a Fold and returns
the probabilities of its test rows, (N, 2), and the decisions, (N)."""
import numpy as np
import torch
import torch.nn.functional as F
from imblearn.over_sampling import SMOTE, SMOTENC, BorderlineSMOTE, RandomOverSampler
from imblearn.under_sampling import EditedNearestNeighbours, RandomUnderSampler, TomekLinks
from sklearn.metrics import roc_curve

from network import cross_entropy, probabilities


def tensor(values):
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def most_probable(p):
    return p, p.argmax(axis=1)


# ---- losses: the sum over the batch divided by its number of rows, with weights, too -------------------------------


def weighted(weight):
    weight = tensor(weight)
    return lambda logits, t, progress: F.cross_entropy(logits, t, weight=weight, reduction="sum") / len(t)


def focal(gamma):
    def loss(logits, t, progress):
        cross_entropies = F.cross_entropy(logits, t, reduction="none")
        return ((1 - torch.exp(-cross_entropies)) ** gamma * cross_entropies).mean()

    return loss


def logit_adjusted(counts, tau):
    shift = tensor(tau * np.log(counts / counts.sum()))
    return lambda logits, t, progress: F.cross_entropy(logits + shift, t)


def ldam_drw(counts):
    """Margins for logits that are not normalised; the weights of `effective_number` in the second half."""
    margin = torch.diag(tensor(0.5 * (counts.min() / counts) ** 0.25))
    plain, with_weights = cross_entropy, weighted(effective_number(counts, 0.9999))

    def loss(logits, t, progress):
        return (with_weights if progress >= 0.5 else plain)(logits - margin[t], t, progress)

    return loss


# ---- class weights -------------------------------------------------------------------------------------------------


def balanced(counts):
    return counts.sum() / (len(counts) * counts)


def effective_number(counts, beta):
    weight = (1 - beta) / (1 - beta**counts)
    return weight / weight.mean()


# ---- methods that change more than the loss or the rows -------------------------------------------------------------


def majority(fold):
    return most_probable(np.tile(fold.counts / fold.counts.sum(), (len(fold.test_t), 1)))


def tuned_threshold(fold):
    """The threshold of the highest balanced accuracy of predictions on inner folds."""
    inner = [(each.test_t, each.plain[:, fold.positive]) for each in fold.inner_folds()]
    t, score = (np.concatenate(parts) for parts in zip(*inner))
    fpr, tpr, thresholds = roc_curve(t == fold.positive, score, drop_intermediate=False)
    best = np.argmax(tpr - fpr)
    threshold = thresholds[best : best + 2].mean()
    p = fold.plain
    return p, np.where(p[:, fold.positive] >= threshold, fold.positive, 1 - fold.positive)


def post_hoc_adjustment(fold):
    p = fold.plain
    return p, (p / fold.counts).argmax(axis=1)


def prior_correction(fold):
    p = fold.weighted * fold.counts
    return most_probable((p / p.sum(axis=1, keepdims=True)).astype(np.float32))


def balanced_sampling(fold):
    weight = torch.from_numpy((1 / fold.counts)[fold.train_t])
    return most_probable(fold.fit(next_order=lambda: torch.multinomial(weight, len(weight), replacement=True)))


def resampled(sampler_of):
    def method(fold):
        return most_probable(fold.fit(rows=sampler_of(fold.seed).fit_resample(fold.train_x, fold.train_t)))

    return method


def smote_nc(fold):
    """On numbers and codes of categories, then one-hot again."""
    numbers, categories = fold.train_x[:, : fold.n_numbers], fold.one_hot_columns()
    codes = np.column_stack([fold.train_x[:, columns].argmax(axis=1) for columns in categories])
    at = range(fold.n_numbers, fold.n_numbers + len(categories))
    sampler = SMOTENC(categorical_features=list(at), random_state=fold.seed)
    mixed, t = sampler.fit_resample(np.hstack([numbers, codes]), fold.train_t)
    parts = [mixed[:, : fold.n_numbers]]
    for column, columns in zip(at, categories):
        parts.append(np.eye(columns.stop - columns.start)[mixed[:, column].astype(int)])
    return most_probable(fold.fit(rows=(np.hstack(parts), t)))


def with_loss(loss_from_counts):
    return lambda fold: most_probable(fold.fit(loss_of=loss_from_counts(fold.counts)))


METHODS = {
    "majority": majority,
    "logistic regression": lambda fold: most_probable(fold.fit(hidden=0)),
    "plain": lambda fold: most_probable(fold.plain),
    "plain + tuned threshold": tuned_threshold,
    "post-hoc logit adjustment": post_hoc_adjustment,
    "class weights": lambda fold: most_probable(fold.weighted),
    "effective number": with_loss(lambda counts: weighted(effective_number(counts, 0.999))),
    "weights + prior correction": prior_correction,
    "over-sampling": resampled(lambda seed: RandomOverSampler(random_state=seed)),
    "under-sampling": resampled(lambda seed: RandomUnderSampler(random_state=seed)),
    "class-balanced sampling": balanced_sampling,
    "SMOTE": resampled(lambda seed: SMOTE(random_state=seed)),
    "SMOTE-NC": smote_nc,
    "Borderline-SMOTE": resampled(lambda seed: BorderlineSMOTE(random_state=seed)),
    "ENN": resampled(lambda seed: EditedNearestNeighbours()),
    "Tomek links": resampled(lambda seed: TomekLinks()),
    "focal loss": with_loss(lambda counts: focal(2)),
    "logit adjustment": with_loss(lambda counts: logit_adjusted(counts, 1)),
    "balanced softmax": with_loss(lambda counts: logit_adjusted(counts, 1)),
    "LDAM-DRW": with_loss(ldam_drw),
}
