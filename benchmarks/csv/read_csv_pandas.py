"""The counterpart of read_csv.cpp: reads the same file and prints the same line."""

import resource
import sys
import time

import pandas as pd

start = time.perf_counter()
frame = pd.read_csv(sys.argv[1])
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(f"{seconds:.4f} {peak} {int(frame.memory_usage(index=False).sum())} {float(frame.abs().sum().sum()):.12g}")
