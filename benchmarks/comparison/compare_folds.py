"""compare_folds.cpp with PyTorch, imbalanced-learn and scikit-learn: PROTOCOL FOLDS RESULT THREADS PROCESSES [--usual].

--usual: PyTorch with its defaults, not in the fastest way. With several processes each takes whole folds. They have imported everything before the time starts, and trained a
network for some steps.
"""
import json
import sys
import time

import joblib
import numpy as np
import pandas as pd
import torch

from fold import compare_fold
from network import train


def load_table(protocol):
    """The features, the labels as numbers, and the number of the positive class."""
    table = pd.read_csv(protocol["data"])
    classes, t = np.unique(table.pop(protocol["label"]).to_numpy(dtype=str), return_inverse=True)
    return table, t, int(np.flatnonzero(classes == protocol["positive"])[0])


def start_up(protocol, threads):
    torch.set_num_threads(threads)
    train(torch.randn(512, 10), torch.arange(512) % 2, 2, 5, 1, protocol)


def main():
    protocol_path, folds_path, result_path, threads, processes, *usual = sys.argv[1:]
    with open(protocol_path) as protocol_file, open(folds_path) as folds_file:
        protocol, folds = json.load(protocol_file), json.load(folds_file)
    protocol["fastest"] = not usual
    processes, threads = int(processes), int(threads)
    x, t, positive = load_table(protocol)
    tasks = [joblib.delayed(compare_fold)(x, t, positive, test_rows, protocol["seed"] + i, protocol)
             for i, test_rows in enumerate(folds)]
    if processes > 1:
        joblib.parallel_config("loky", inner_max_num_threads=threads)
    with joblib.Parallel(n_jobs=processes, batch_size=1) as parallel:
        parallel(joblib.delayed(start_up)(protocol, threads) for _ in range(4 * processes))
        start = time.perf_counter()
        results = parallel(tasks)
        seconds = time.perf_counter() - start
    methods = {name: {metric: [float(each[name][metric]) for each in results] for metric in results[0][name]}
               for name in protocol["methods"]}
    with open(result_path, "w") as file:
        json.dump({"seconds": seconds, "methods": methods}, file)


if __name__ == "__main__":
    main()
