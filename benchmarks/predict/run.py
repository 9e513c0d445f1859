"""Measures loading a saved model and predicting 10^6 rows, against scikit-learn and onnxruntime, in turns:

    run.py BUILD [--rounds 7]

BUILD is build/bench, of the preset `bench`; the peers are those of the Python that runs this: pandas, scikit-learn,
onnxruntime. The rows are the 50,000 payments of examples/fraud, 20 times over, without their class. Tenbin and
onnxruntime have the same model, which examples/fraud/train.cpp makes: their sums of probabilities must agree. scikit-learn has its own,
of the same sizes, from examples/fraud/train.py. All run on one processor, and then on two. Times are medians over the
rounds, memory is the peak of the process. pandas makes the dates' parts for the peers.
"""

import argparse
import csv
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
SOURCES = HERE.parents[1]


def make_files(build, folder):
    for program in ("predict_make_data", "predict_train"):
        subprocess.run([build / "benchmarks/predict" / program], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-W", "ignore", SOURCES / "examples/fraud/train.py"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([build / "benchmarks/predict/predict", "--export", folder / "fraud.npz", folder / "fraud.onnx"],
                   check=True)
    with open(folder / "fraud.csv", newline="") as file:
        header, *rows = [row[:-1] for row in csv.reader(file)]
    with open(folder / "rows.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for _ in range(20):
            writer.writerows(rows)


def measure(command, processors):
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                            preexec_fn=lambda: os.sched_setaffinity(0, processors)).stdout.split()
    load, read, predict, peak, rows, checksum = output
    assert int(rows) == 1000000, output
    return [float(load), float(read), float(predict), float(load) + float(read) + float(predict), int(peak) / 1e6,
            float(checksum)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    build = options.build.resolve()
    print(f"{os.cpu_count()} processors, {options.rounds} rounds, load {os.getloadavg()[0]:.1f}\n")
    print("| processors | | load, s | read, s | predict, s | sum, s | times Tenbin | peak, MB |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        make_files(build, folder)
        rows = folder / "rows.csv"
        for count in (1, 2):
            processors = sorted(os.sched_getaffinity(0))[:count]
            if len(processors) < count:
                continue
            commands = {
                "Tenbin": [build / "benchmarks/predict/predict", folder / "fraud.npz", rows, str(count)],
                "onnxruntime": [sys.executable, HERE / "predict_onnxruntime.py", folder / "fraud.onnx", rows, str(count)],
                "scikit-learn": [sys.executable, HERE / "predict_sklearn.py", folder / "fraud.joblib", rows],
            }
            rounds = [{name: measure(command, processors) for name, command in commands.items()}
                      for _ in range(options.rounds)]
            sums = [each[name][-1] for each in rounds for name in ("Tenbin", "onnxruntime")]
            assert max(sums) - min(sums) <= 1e-5 * max(sums), f"the checksums differ: {sums}"
            ratios = {name: statistics.median(each[name][3] / each["Tenbin"][3] for each in rounds) for name in commands}
            for name in commands:
                load, read, predict, total, peak, _ = (statistics.median(column)
                                                       for column in zip(*(each[name] for each in rounds)))
                print(f"| {count} | {name} | {load:.3f} | {read:.3f} | {predict:.3f} | {total:.3f} | {ratios[name]:.2f} | "
                      f"{peak:.0f} |", flush=True)


main()
