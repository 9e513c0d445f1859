"""The counterpart of read_csv.cpp: reads the same file and prints the same line."""

import sys
import time

import pandas as pd

start = time.perf_counter()
frame = pd.read_csv(sys.argv[1])
seconds = time.perf_counter() - start
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"{seconds:.4f} {peak} {int(frame.memory_usage(index=False).sum())} {float(frame.abs().sum().sum()):.12g}")
