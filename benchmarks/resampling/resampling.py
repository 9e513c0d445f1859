"""The data for resampling.cpp, and the same tasks with imbalanced-learn.

    resampling.py make data.npz        100,000 rows of 30 columns, 1 % of them of class 1
    resampling.py run data.npz REPEATS one line per task: its name, the shortest time of
                                       REPEATS runs, the least processor time, the resulting rows
"""

import sys
import time

import numpy as np


def make(path):
    from sklearn.datasets import make_classification

    x, t = make_classification(
        n_samples=100_000, n_features=30, n_informative=10, n_redundant=5, n_clusters_per_class=3,
        weights=[0.99], flip_y=0, class_sep=0.8, random_state=1)
    x = (x - x.mean(0)) / x.std(0)
    np.savez(path, x=x.astype(np.float32), t=t.astype(np.int32))


def run(path, repeats):
    from imblearn.over_sampling import SMOTE, BorderlineSMOTE
    from imblearn.under_sampling import EditedNearestNeighbours, TomekLinks

    data = np.load(path)
    x, t = data["x"], data["t"]
    tasks = [
        ("smote", SMOTE(random_state=1), x, t, repeats),
        ("borderline_smote", BorderlineSMOTE(random_state=1), x, t, repeats),
        ("tomek_links", TomekLinks(), x, t, 1),
        ("enn_20000", EditedNearestNeighbours(), x[:20_000], t[:20_000], repeats),
        ("enn_100000", EditedNearestNeighbours(), x, t, 1),
    ]
    for name, sampler, task_x, task_t, times in tasks:
        best = best_cpu = float("inf")
        for _ in range(times):
            begin, cpu_begin = time.perf_counter(), time.process_time()
            rows = len(sampler.fit_resample(task_x, task_t)[1])
            best = min(best, time.perf_counter() - begin)
            best_cpu = min(best_cpu, time.process_time() - cpu_begin)
        print(name, f"{best:.4f} {best_cpu:.4f}", rows, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"] and len(sys.argv) == 3:
        make(sys.argv[2])
    elif sys.argv[1:2] == ["run"] and len(sys.argv) == 4:
        run(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(__doc__)
