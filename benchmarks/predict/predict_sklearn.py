"""The counterpart of predict.cpp with pandas and scikit-learn: MODEL.joblib FILE. Prints the same line."""

import sys
import time

start = time.perf_counter()
import joblib  # noqa: E402  (a part of loading the model)
import pandas as pd  # noqa: E402

saved = joblib.load(sys.argv[1])
loaded = time.perf_counter()
table = pd.read_csv(sys.argv[2])
read = time.perf_counter()
when = pd.to_datetime(table["when"])
x = table.assign(hour=when.dt.hour, weekday=when.dt.day_of_week).reindex(columns=saved["columns"])
p = saved["model"].predict_proba(x)[:, 1]
decisions = p >= saved["threshold"]
predicted = time.perf_counter()
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"{loaded - start:.4f} {read - loaded:.4f} {predicted - read:.4f} {peak} {len(p)} {p.sum():.9g}")
