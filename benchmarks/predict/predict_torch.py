"""The counterpart of predict.cpp with a network in PyTorch: MODEL.joblib MODEL.pt FILE THREADS. Prints the same line.

scikit-learn prepares the columns. predict_torch.py --export FRAUD.joblib MODEL.joblib MODEL.pt makes both files of the
model of predict_sklearn.py, whose probabilities are then the same.
"""

import sys
import time

start = time.perf_counter()
import joblib  # noqa: E402  (a part of loading the model)
import pandas as pd  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402


def load_network(path):
    state = torch.load(path)
    network = nn.Sequential(nn.Linear(state["0.weight"].shape[1], 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
    network.load_state_dict(state)
    return network


def export(fraud, model, weights):
    saved = joblib.load(fraud)
    (calibrated,) = saved["model"].calibrated_classifiers_
    columns, mlp = (step for _, step in calibrated.estimator.estimator.steps)
    state = {}
    for name, W, b in zip(("0", "2"), mlp.coefs_, mlp.intercepts_):
        state[name + ".weight"], state[name + ".bias"] = torch.tensor(W.T), torch.tensor(b)
    (platt,) = calibrated.calibrators
    joblib.dump({"prepare": columns, "columns": saved["columns"], "slope": -platt.a_, "offset": -platt.b_}, model)
    torch.save(state, weights)


if sys.argv[1] == "--export":
    export(*sys.argv[2:])
    sys.exit()
torch.set_num_threads(int(sys.argv[4]))
saved, network = joblib.load(sys.argv[1]), load_network(sys.argv[2])
loaded = time.perf_counter()
table = pd.read_csv(sys.argv[3])
read = time.perf_counter()
when = pd.to_datetime(table["when"])
x = table.assign(hour=when.dt.hour, weekday=when.dt.day_of_week).reindex(columns=saved["columns"])
x = saved["prepare"].transform(x)
x = torch.from_numpy(x.toarray() if hasattr(x, "toarray") else x).float()
with torch.inference_mode():
    p = torch.sigmoid(saved["slope"] * network(x) + saved["offset"]).numpy()
predicted = time.perf_counter()
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"{loaded - start:.4f} {read - loaded:.4f} {predicted - read:.4f} {peak} {len(p)} {p.sum(dtype='float64'):.9g}")
