"""Measures loading a saved model and predicting 10^6 rows, and a single row, against Python, in turns:

    run.py BUILD [--venv DIR] [--rounds 7] [--quick] [--write]

BUILD is build/bench, of the preset `bench`; DIR, of the peers, has pandas, scikit-learn, onnxruntime and PyTorch. The
rows are the 50,000 payments of examples/fraud, 20 times over, without their class. Tenbin and onnxruntime have the same
model, which examples/fraud/train.cpp makes; scikit-learn and PyTorch one of the same sizes, from examples/fraud/train.py:
the sums of the probabilities must agree. All run on one processor, and then on two. Times are medians over the rounds,
memory is the peak of the process. pandas makes the dates' parts for the peers. The first prediction is that of a file of
one row, and its time that from the start of the process to the line that it prints. --write replaces the tables in
benchmarks/RESULTS.md.
"""

import argparse
import csv
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
SOURCES = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))
from machine import machine, peer_versions  # noqa: E402
from participants import ALL_PROCESSORS, spawn  # noqa: E402
from report import markdown, replace_section  # noqa: E402

REPEATS = 20  # of the payments
PEERS = ["onnxruntime", "scikit-learn", "torch", "pandas"]
SAME_MODEL = [("Tenbin", "onnxruntime"), ("scikit-learn", "PyTorch")]


def make_files(build, python, folder):
    def call(*argv):
        subprocess.run(argv, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    call(build / "benchmarks/predict/predict_make_data")
    call(build / "benchmarks/predict/predict_train")
    call(build / "benchmarks/predict/predict", "--export", "fraud.npz", "fraud.onnx")
    call(python, "-W", "ignore", SOURCES / "examples/fraud/train.py")
    call(python, HERE / "predict_torch.py", "--export", "fraud.joblib", "torch.joblib", "torch.pt")
    with open(folder / "fraud.csv", newline="") as file:
        header, *rows = [row[:-1] for row in csv.reader(file)]
    for name, content in (("rows.csv", rows * REPEATS), ("row.csv", rows[:1])):
        with open(folder / name, "w", newline="") as file:
            csv.writer(file).writerows([header, *content])


def commands(build, python, rows, threads):
    return {
        "Tenbin": [build / "benchmarks/predict/predict", "fraud.npz", rows, threads],
        "onnxruntime": [python, HERE / "predict_onnxruntime.py", "fraud.onnx", rows, threads],
        "scikit-learn": [python, HERE / "predict_sklearn.py", "fraud.joblib", rows],
        "PyTorch": [python, HERE / "predict_torch.py", "torch.joblib", "torch.pt", rows, threads],
    }


def measure(command, threads, folder):
    start = time.perf_counter()
    process = spawn([str(argument) for argument in command], threads, str(folder), None, cwd=folder)
    line = process.stdout.readline()
    wall = time.perf_counter() - start
    if process.wait() != 0:
        raise SystemExit(f"predict: {command} failed")
    load, read, predict, peak, rows, checksum = map(float, line.split())
    return {"load": load, "read": read, "predict": predict, "sum": load + read + predict, "peak": peak, "rows": rows,
            "checksum": checksum, "wall": wall}


def measure_rounds(options, folder, rows, threads):
    """{participant: {column: median}}, with `ratio`: the median of the ratios to Tenbin's time within the rounds."""
    time_of = "sum" if rows == "rows.csv" else "wall"
    programs = commands(options.build, options.python, rows, threads)
    rounds = [{name: measure(command, threads, folder) for name, command in programs.items()}
              for _ in range(options.rounds)]
    for pair in SAME_MODEL:
        sums = [each[name]["checksum"] for each in rounds for name in pair]
        if max(sums) - min(sums) > 1e-5 * max(sums):
            raise SystemExit(f"predict: the probabilities of {pair} differ: {sums}")
    return {name: {"ratio": statistics.median(each[name][time_of] / each["Tenbin"][time_of] for each in rounds),
                   **{column: statistics.median(each[name][column] for each in rounds) for column in rounds[0][name]}}
            for name in programs}


def million_rows(threads, results):
    for name, of in results.items():
        yield [str(threads), name, *(f"{of[column]:.3f}" for column in ("load", "read", "predict", "sum")),
               f"{of['ratio']:.2f}", f"{of['peak'] / 1e6:.0f}"]


def first_row(threads, results):
    for name, of in results.items():
        yield [str(threads), name, f"{of['wall'] * 1e3:.1f}", f"{of['ratio']:.0f}", f"{of['peak'] / 1e6:.0f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--venv", type=pathlib.Path, help="default: BUILD/venv")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--write", action="store_true", help="replace the tables in RESULTS.md")
    options = parser.parse_args()
    if options.quick:
        options.rounds = 1
    options.build = options.build.resolve()
    options.python = (options.venv or options.build / "venv").absolute() / "bin/python"
    facts = dict(machine(), peers=peer_versions(options.python, PEERS))
    facts["load at the start"] = f"{os.getloadavg()[0]:.1f}"
    million, first = [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        make_files(options.build, options.python, folder)
        for threads in (1, 2)[:len(ALL_PROCESSORS)]:
            million += million_rows(threads, measure_rounds(options, folder, "rows.csv", threads))
            first += first_row(threads, measure_rounds(options, folder, "row.csv", threads))
    text = "\n\n".join([
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
        f"10^6 rows, {options.rounds} alternating rounds, medians:",
        markdown(["processors", "", "load, s", "read, s", "predict, s", "sum, s", "times Tenbin", "peak, MB"], million),
        "From the start of the process to the first prediction:",
        markdown(["processors", "", "ms", "times Tenbin", "peak, MB"], first)])
    print(text)
    if options.write:
        replace_section("benchmarks/predict/run.py", text)


main()
