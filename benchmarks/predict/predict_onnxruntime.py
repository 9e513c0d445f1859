"""The counterpart of predict.cpp with pandas and onnxruntime: MODEL.onnx FILE THREADS. Prints the same line."""

import sys
import time

start = time.perf_counter()
import numpy as np  # noqa: E402  (a part of loading the model)
import onnxruntime  # noqa: E402
import pandas as pd  # noqa: E402

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[3])
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
loaded = time.perf_counter()
table = pd.read_csv(sys.argv[2])
read = time.perf_counter()
when = pd.to_datetime(table["when"])
table = table.assign(when_hour=when.dt.hour, when_weekday=when.dt.day_of_week)


def column(declared):
    values = table[declared.name]
    if declared.type == "tensor(string)":
        return values.fillna("").to_numpy(dtype=object).reshape(-1, 1)
    return values.to_numpy(dtype=np.float64).reshape(-1, 1)


p = np.concatenate([session.run(["probabilities"], {each.name: column(each)[i:i + 65536] for each in session.get_inputs()})[0]
                    for i in range(0, len(table), 65536)])[:, 1]
predicted = time.perf_counter()
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"{loaded - start:.4f} {read - loaded:.4f} {predicted - read:.4f} {peak} {len(p)} {p.sum(dtype=np.float64):.9g}")
