"""Measures a comparison of methods against class imbalance beside the same comparison in Python, in turns:

    run.py BUILD [--venv DIR] [--data FILE] [--threads 1 2] [--rounds 3] [--repeats 5] [--quick] [--json FILE] [--write]

BUILD is build/bench, of the preset `bench`; DIR has PyTorch, imbalanced-learn, scikit-learn and pandas; FILE is
data/coil2000-train.csv, which scripts/data.sh downloads. The first tables are times, the others are the metrics of all
methods, and whether they agree. --rounds 0 and --repeats 0 leave out the times and the metrics; --quick is a check that
everything works, with few epochs. --write replaces the tables in benchmarks/RESULTS.md, too. benchmarks/README.md
explains the protocol.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from machine import machine, peer_versions  # noqa: E402
from participants import ALL_PROCESSORS, spawn  # noqa: E402
from report import markdown, replace_section, targets_table, verdict  # noqa: E402

NETWORK = {"hidden": 64, "weight_decay": 1e-4, "epochs": 30, "batch_size": 256, "alpha": 0.01}
METHODS = ["majority", "logistic regression", "plain", "plain + tuned threshold", "post-hoc logit adjustment",
           "class weights", "effective number", "weights + prior correction", "over-sampling", "under-sampling",
           "class-balanced sampling", "SMOTE", "SMOTE-NC", "Borderline-SMOTE", "ENN", "Tomek links", "focal loss",
           "logit adjustment", "balanced softmax", "LDAM-DRW"]
TIMED = ["majority", "plain", "plain + tuned threshold", "class weights", "effective number", "over-sampling",
         "under-sampling", "SMOTE", "focal loss", "logit adjustment", "weights + prior correction"]
METRICS = {"average_precision": "Average precision", "roc_auc": "AUC", "brier_score": "Brier score",
           "balanced_accuracy": "Balanced accuracy"}
TARGETS = {1: 12, 2: 18}  # the smallest ratios of PyTorch to Tenbin
MOST_ERRORS = 3  # a difference of the metrics of more standard errors is not noise


class Comparison:
    """Runs the two programs on one protocol."""

    def __init__(self, options, methods, repeats, folder, log):
        self.options, self.folder, self.log = options, folder, log
        self.program = options.build / "benchmarks/comparison/compare_folds"
        protocol = {"data": str(options.data.resolve()), "label": "CARAVAN", "positive": "insurance",
                    "false_alarm_budget": 0.05, "folds": 5, "inner_folds": 3, "repeats": repeats, "seed": 1,
                    "methods": methods, **NETWORK}
        if options.quick:
            protocol.update(folds=2, epochs=2)
        self.protocol, self.folds = folder / "protocol.json", folder / "folds.json"
        self.protocol.write_text(json.dumps(protocol))
        self.run([self.program, "folds", self.protocol, self.folds], 1)

    def run(self, argv, processors):
        process = spawn([str(argument) for argument in argv], processors, str(self.folder), self.log)
        if process.wait() != 0:
            raise SystemExit(f"comparison: {argv[0]} failed; see {self.log.name}")

    def measure(self, argv, processors, *more):
        result = self.folder / "result.json"
        self.run([*argv, self.protocol, self.folds, result, *more], processors)
        return json.loads(result.read_text())

    def tenbin(self, threads):
        return self.measure([self.program, "compare"], threads)

    def python(self, threads, processes=1, *more):
        return self.measure([self.options.python, HERE / "compare_folds.py"], threads * processes,
                            *map(str, (threads, processes)), *more)


# ---- times ---------------------------------------------------------------------------------------------------------


def measure_times(comparison, options):
    """{threads: {participant: seconds of each round}}"""
    times = {}
    for threads in options.threads:
        participants = {"Tenbin": lambda: comparison.tenbin(threads), "PyTorch": lambda: comparison.python(threads),
                        "PyTorch, usual": lambda: comparison.python(threads, 1, "--usual")}
        if threads > 1:
            participants["PyTorch, processes"] = lambda: comparison.python(1, threads)
        times[threads] = {name: [] for name in participants}
        for number in range(options.rounds):
            print(f"comparison: {threads} thread(s), round {number + 1} of {options.rounds}", file=sys.stderr)
            first = number % len(participants)
            names = list(participants)
            for name in names[first:] + names[:first]:
                times[threads][name].append(participants[name]()["seconds"])
    return times


def ratio(times, name):
    return statistics.median(peer / ours for peer, ours in zip(times[name], times["Tenbin"]))


def times_table(times):
    rows = []
    for threads, of in times.items():
        for name, seconds in of.items():
            rows.append([str(threads), name, f"{statistics.median(seconds):.2f}", f"{min(seconds):.2f}",
                         f"{max(seconds):.2f}", f"{ratio(of, name):.2f}"])
    return markdown(["threads", "", "median, s", "shortest", "longest", "times Tenbin"], rows)


def verdicts(times):
    return [verdict(f"{threads} thread(s)", f"{name} / Tenbin", ratio(of, name), f">= {TARGETS[threads]}",
                    lambda x: x >= TARGETS[threads])
            for threads, of in times.items() if threads in TARGETS for name in of if name != "Tenbin"]


# ---- metrics -------------------------------------------------------------------------------------------------------


def difference(ours, theirs):
    """The mean over the folds of theirs - ours, its standard error, and their ratio."""
    differences = [b - a for a, b in zip(ours, theirs)]
    mean = statistics.mean(differences)
    error = statistics.stdev(differences) / len(differences) ** 0.5
    return mean, error, 0 if abs(mean) < 1e-6 else mean / error


def metrics_tables(ours, theirs):
    """A table for each metric, and a sentence about the differences."""
    tables, outside, total, beyond_two = [], [], 0, 0
    for metric, heading in METRICS.items():
        rows = []
        for method in METHODS:
            a, b = ours[method][metric], theirs[method][metric]
            mean, error, errors = difference(a, b)
            rows.append([method, f"{statistics.mean(a):.4f}", f"{statistics.mean(b):.4f}", f"{mean:+.4f}",
                         f"{error:.4f}", f"{errors:+.1f}"])
            total += 1
            beyond_two += abs(errors) > 2
            if abs(errors) > MOST_ERRORS:
                outside.append(f"{heading} of {method}")
        tables.append(markdown([heading, "Tenbin", "Python", "difference", "standard error", "in errors"], rows))
    summary = (f"Of {total} differences {beyond_two} are beyond 2 standard errors, and {len(outside)} beyond {MOST_ERRORS}"
               f"{': ' if outside else ''}{', '.join(outside)}.")
    return "\n\n".join(tables), summary


# ---- the program ---------------------------------------------------------------------------------------------------


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--venv", type=pathlib.Path, help="default: BUILD/venv")
    parser.add_argument("--data", type=pathlib.Path, default=HERE.parents[1] / "data/coil2000-train.csv")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5, help="of the folds that the metrics are compared on")
    parser.add_argument("--quick", action="store_true", help="one round, few epochs")
    parser.add_argument("--json", type=pathlib.Path, help="write every number there")
    parser.add_argument("--write", action="store_true", help="replace the tables in RESULTS.md")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.python = (options.venv or options.build / "venv").absolute() / "bin/python"
    for path in (options.data, options.python):
        if not path.exists():
            raise SystemExit(f"comparison: {path} is not there")
    options.threads = [threads for threads in options.threads if threads <= len(ALL_PROCESSORS)]
    if options.quick:
        options.rounds, options.repeats = min(options.rounds, 1), min(options.repeats, 1)
    return options


def main():
    options = parse()
    facts = dict(machine(), peers=peer_versions(options.python))
    facts["load at the start"] = f"{os.getloadavg()[0]:.1f}"
    found, parts = {"machine": facts}, ["\n".join(f"- {name}: {value}" for name, value in facts.items())]
    with tempfile.TemporaryDirectory() as scratch, open(options.build / "comparison.log", "w") as log:
        folder = pathlib.Path(scratch)
        if options.rounds > 0:
            found["seconds"] = measure_times(Comparison(options, TIMED, 1, folder, log), options)
            parts += [f"{options.rounds} alternating round(s):", times_table(found["seconds"])]
            if not options.quick:
                parts.append(targets_table(verdicts(found["seconds"])))
        if options.repeats > 0:
            print("comparison: metrics", file=sys.stderr)
            comparison = Comparison(options, METHODS, options.repeats, folder, log)
            threads = max(options.threads)
            found["tenbin"] = comparison.tenbin(threads)["methods"]
            found["python"] = comparison.python(1, threads)["methods"]
            tables, summary = metrics_tables(found["tenbin"], found["python"])
            n_folds = len(found["tenbin"][METHODS[0]]["brier_score"])
            parts += [f"Metrics, means over {n_folds} folds:", tables] + ([] if options.quick else [summary])
    text = "\n\n".join(parts)
    print(text)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if options.write:
        replace_section("benchmarks/comparison/run.py", text)


main()
