"""Writes imbalanced_learn.npz: the rows that imbalanced-learn keeps, and finds in danger, for random data without ties."""

import pathlib
import sys

import imblearn
import numpy as np
import sklearn
from imblearn.over_sampling import BorderlineSMOTE
from imblearn.under_sampling import EditedNearestNeighbours, TomekLinks

rng = np.random.default_rng(20)
arrays = {}
# rows, columns, share of every class, spread of the classes' centres, dtype
cases = [
    (60, 2, [0.8, 0.2], 1.0, np.float64),
    (150, 2, [0.9, 0.1], 0.7, np.float32),
    (200, 5, [0.7, 0.3], 0.5, np.float64),
    (250, 3, [0.6, 0.25, 0.15], 1.0, np.float64),
    (300, 30, [0.85, 0.15], 0.3, np.float32),
    (400, 4, [0.5, 0.3, 0.12, 0.08], 0.8, np.float32),
    (400, 12, [0.95, 0.05], 0.5, np.float64),
    (97, 1, [0.5, 0.5], 1.0, np.float64),
]
for i, (rows, columns, shares, spread, dtype) in enumerate(cases):
    t = rng.permutation(np.repeat(np.arange(len(shares)), np.round(np.array(shares) * rows).astype(int)))
    centres = spread * rng.normal(size=(len(shares), columns))
    x = (centres[t] + rng.normal(size=(len(t), columns))).astype(dtype)
    case = {"x": x, "t": t.astype(np.int32)}
    keep = {
        "tomek": TomekLinks(),
        "tomek_all": TomekLinks(sampling_strategy="all"),
        "enn_all": EditedNearestNeighbours(),
        "enn_mode": EditedNearestNeighbours(kind_sel="mode"),
        "enn_5_all_classes": EditedNearestNeighbours(sampling_strategy="all", n_neighbors=5, kind_sel="mode"),
    }
    for name, sampler in keep.items():
        sampler.fit_resample(x, t)
        case[name] = np.sort(sampler.sample_indices_).astype(np.int64)
    smote = BorderlineSMOTE()
    smote._validate_estimator()
    smote.nn_m_.fit(x)
    for c in range(1, len(shares)):
        rows_of_class = np.flatnonzero(t == c)
        danger = smote._in_danger_noise(smote.nn_m_, x[rows_of_class], c, t, kind="danger")
        case[f"danger_{c}"] = rows_of_class[danger].astype(np.int64)
    for name, array in case.items():
        arrays[f"{i}/{name}"] = array

np.savez_compressed(pathlib.Path(__file__).with_name("imbalanced_learn.npz"), **arrays)
print("Python", sys.version.split()[0], "NumPy", np.__version__, "scikit-learn", sklearn.__version__,
      "imbalanced-learn", imblearn.__version__)
for i in range(len(cases)):
    print(i, {k.split("/")[1]: v.shape for k, v in arrays.items() if k.startswith(f"{i}/")})
