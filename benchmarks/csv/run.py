"""Measures load_csv against pandas, alternately: run.py READ_CSV [--rounds 7] [--megabytes 200].

READ_CSV is build/bench/benchmarks/csv/read_csv, of the preset `bench`; pandas is that of the Python that runs this.
Newer pandas versions use several threads, so both run on one processor and then on two. Both read the same two files
from the page cache: normally distributed numbers in 20 columns, once with all digits and once with six. A time is the
median over the rounds, from the call to the result, without the start of the program; memory is the peak of the whole
process. The checksums must agree.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent
FORMATS = {"all digits": repr, "six digits": lambda value: f"{value:.6g}"}
COLUMNS = 20


def write(path, form, megabytes):
    rng = np.random.default_rng(0)
    with open(path, "w") as file:
        file.write(",".join(f"x{i}" for i in range(COLUMNS)) + "\n")
        while file.tell() < megabytes * 1e6:
            rows = rng.standard_normal((5000, COLUMNS)).tolist()
            file.write("".join(",".join(map(form, row)) + "\n" for row in rows))


def measure(command, processors):
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                            preexec_fn=lambda: os.sched_setaffinity(0, processors)).stdout.split()
    return float(output[0]), int(output[1]), int(output[2]), output[3]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("read_csv")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--directory", help="where to keep the files; default: a temporary one")
    options = parser.parse_args()
    print(f"pandas {pd.__version__}, {os.cpu_count()} processors, {options.rounds} rounds, "
          f"load {os.getloadavg()[0]:.1f}\n")
    print("| file | processors | pandas, s | load_csv, s | ratio | peak / result, pandas | load_csv |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, form in FORMATS.items():
            path = pathlib.Path(options.directory or scratch) / (name.replace(" ", "_") + ".csv")
            if not path.exists():
                write(path, form, options.megabytes)
            for count in (1, 2):
                compare(name, path, count, options)


def compare(name, path, count, options):
    processors = sorted(os.sched_getaffinity(0))[:count]
    commands = [[sys.executable, HERE / "read_csv_pandas.py", path], [options.read_csv, path, str(count)]]
    rounds = [[measure(command, processors) for command in commands] for _ in range(options.rounds)]
    sums = [float(checksum) for runs in rounds for *_, checksum in runs]
    assert max(sums) - min(sums) <= 1e-9 * max(sums), f"the checksums differ: {sums}"
    pandas, ours = (statistics.median(runs[i][0] for runs in rounds) for i in (0, 1))
    peaks = [max(runs[i][1] / runs[i][2] for runs in rounds) for i in (0, 1)]
    print(f"| {name}, {path.stat().st_size / 1e6:.0f} MB | {len(processors)} | {pandas:.3f} | {ours:.3f} | "
          f"{pandas / ours:.2f} | {peaks[0]:.2f} | {peaks[1]:.2f} |", flush=True)


main()
