"""A fold: its prepared rows, and the methods on it."""
import functools

import numpy as np
import torch
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from methods import METHODS, balanced, weighted
from network import probabilities, train
from scores import scores


class Fold:
    """The prepared training and test rows of a fold."""

    def __init__(self, x, t, rows, test_rows, seed, positive, protocol):
        self.x, self.t, self.rows = x, t, rows
        self.seed, self.positive, self.protocol = seed, positive, protocol
        numbers, texts = make_column_selector(dtype_include="number"), make_column_selector(dtype_exclude="number")
        pipeline = make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="mean"), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts))
        self.train_x = pipeline.fit_transform(x.iloc[rows]).astype(np.float32)
        self.test_x = torch.from_numpy(pipeline.transform(x.iloc[test_rows]).astype(np.float32))
        self.train_t, self.test_t = t[rows], t[test_rows]
        self.categories = pipeline.named_transformers_["onehotencoder"].categories_
        self.n_numbers = self.train_x.shape[1] - sum(map(len, self.categories))
        self.counts = np.bincount(self.train_t)
        self.n_steps = protocol["epochs"] * -(-len(rows) // protocol["batch_size"])

    def fit(self, rows=None, **options):
        """The probabilities of the test rows, by a network trained on `rows`: (x, t), resampled or not."""
        x, t = rows or (self.train_x, self.train_t)
        network = train(torch.from_numpy(np.asarray(x, dtype=np.float32)), torch.from_numpy(t), len(self.counts),
                        self.n_steps, self.seed, self.protocol, **options)
        return probabilities(network, self.test_x)

    @functools.cached_property
    def plain(self):
        return self.fit()

    @functools.cached_property
    def weighted(self):
        return self.fit(loss_of=weighted(balanced(self.counts)))

    def one_hot_columns(self):
        ends = self.n_numbers + np.cumsum([len(each) for each in self.categories])
        return [slice(end - len(each), end) for end, each in zip(ends, self.categories)]

    def inner_folds(self):
        splits = StratifiedKFold(self.protocol["inner_folds"], shuffle=True, random_state=self.seed)
        return [Fold(self.x, self.t, self.rows[train], self.rows[test], self.seed, self.positive, self.protocol)
                for train, test in splits.split(self.rows, self.train_t)]


def compare_fold(x, t, positive, test_rows, seed, protocol):
    rows = np.setdiff1d(np.arange(len(t)), test_rows)
    fold = Fold(x, t, rows, np.asarray(test_rows), seed, positive, protocol)
    results = {}
    for name in protocol["methods"]:
        p, decisions = METHODS[name](fold)
        results[name] = scores(fold.test_t, p, decisions, positive, protocol["false_alarm_budget"])
    return results
