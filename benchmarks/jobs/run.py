"""Measures whole jobs, three of the examples, beside the same in Python, in turns:

    run.py BUILD [--venv DIR] [--data DIR] [--threads 1 2] [--rounds 3] [--quick] [--json FILE] [--write]

BUILD is build/bench, of the preset `bench`; DIR has PyTorch, imbalanced-learn, scikit-learn and pandas; the data is that
of scripts/data.sh, in data/, and of Debian's dataset-fashion-mnist. A time is that of the process, from its start to its
end; for Python also without the imports. The scores of both sides must agree, but with --quick, whose epochs are too few.
--write replaces the tables in RESULTS.md.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from machine import machine, peer_versions  # noqa: E402
from participants import ALL_PROCESSORS, spawn  # noqa: E402
from report import markdown, replace_section, unit  # noqa: E402

# The options of both programs, those of --quick, and the score that must agree: its name, and by how much the means over
# the seeds may differ. The spread between seeds is 0.3 percent, 0.02 and 0.005; plain logistic regression has none.
JOBS = {
    "fashion_mnist_lt": (["--seeds", "1", "--epochs", "20"], ["--seeds", "1", "--epochs", "5"], "accuracy", 1.5),
    "shuttle": (["--seeds", "2", "--epochs", "30"], ["--seeds", "1", "--epochs", "6"], "balanced_accuracy", 0.06),
    "coil": (["--seeds", "5"], ["--seeds", "1"], "AUC", 0.01),
}


class Jobs:
    def __init__(self, options, folder, log):
        self.options, self.folder, self.log = options, folder, log

    def run(self, job, who, threads):
        """The seconds of the process, and what it has written."""
        programs = {"Tenbin": [self.options.build / f"benchmarks/jobs/job_{job}", "--figure", self.folder / "figure.svg"],
                    "Python": [self.options.python, HERE / f"{job}.py"]}
        result = self.folder / "result.json"
        argv = programs[who] + JOBS[job][self.options.quick] + ["--json", result]
        if job != "fashion_mnist_lt":
            argv += ["--data", self.options.data]
        start = time.perf_counter()
        process = spawn([str(argument) for argument in argv], threads, str(self.folder), self.log)
        process.communicate()
        seconds = time.perf_counter() - start
        if process.returncode != 0:
            raise SystemExit(f"jobs: {argv[0]} failed; see {self.log.name}")
        return dict(json.loads(result.read_text()), seconds=seconds)

    def measure(self, job, threads):
        """{participant: [result of each round]}"""
        results = {"Tenbin": [], "Python": []}
        for number in range(self.options.rounds):
            print(f"jobs: {threads} thread(s), round {number + 1} of {self.options.rounds}: {job}", file=sys.stderr)
            for who in list(results)[:: -1 if number % 2 else 1]:
                results[who].append(self.run(job, who, threads))
        return results


def times_row(job, threads, results):
    median = lambda who, key: statistics.median(each[key] for each in results[who])
    ratio = lambda key: statistics.median(theirs[key] / ours["seconds"]
                                          for ours, theirs in zip(results["Tenbin"], results["Python"]))
    return [job, str(threads), unit(median("Tenbin", "seconds")), unit(median("Python", "seconds")),
            unit(median("Python", "seconds_after_imports")), f"{ratio('seconds'):.2f}",
            f"{ratio('seconds_after_imports'):.2f}"]


def scores_rows(job, results):
    """The scores of every method in the first round, and whether they agree."""
    *_, score, tolerance = JOBS[job]
    ours, theirs = ({each["method"]: statistics.mean(each[score]) for each in results[who][0]["methods"]}
                    for who in ("Tenbin", "Python"))
    if ours.keys() != theirs.keys():
        raise SystemExit(f"jobs: {job} has other methods in Python: {list(theirs)}")
    return [[job, method, score, f"{ours[method]:.4g}", f"{theirs[method]:.4g}", f"{tolerance:g}",
             "yes" if abs(ours[method] - theirs[method]) <= tolerance else "NO"] for method in ours]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--venv", type=pathlib.Path, help="default: BUILD/venv")
    parser.add_argument("--data", type=pathlib.Path, default=HERE.parents[1] / "data")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round, few epochs")
    parser.add_argument("--json", type=pathlib.Path, help="write every number there")
    parser.add_argument("--write", action="store_true", help="replace the tables in RESULTS.md")
    options = parser.parse_args()
    options.build, options.data = options.build.resolve(), options.data.resolve()
    options.python = (options.venv or options.build / "venv").absolute() / "bin/python"
    options.threads = [threads for threads in options.threads if threads <= len(ALL_PROCESSORS)]
    if options.quick:
        options.rounds = 1
    return options


def main():
    options = parse()
    facts = dict(machine(), peers=peer_versions(options.python))
    facts["load at the start"] = f"{os.getloadavg()[0]:.1f}"
    found, times, scores = {"machine": facts}, [], []
    with tempfile.TemporaryDirectory() as scratch, open(options.build / "jobs.log", "w") as log:
        jobs = Jobs(options, pathlib.Path(scratch), log)
        for threads in options.threads:
            for job in options.jobs:
                results = found[f"{job}/{threads}"] = jobs.measure(job, threads)
                times.append(times_row(job, threads, results))
                if threads == options.threads[0]:
                    scores += scores_rows(job, results)
    text = "\n\n".join([
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
        f"{options.rounds} alternating round(s), medians:",
        markdown(["job", "threads", "Tenbin", "Python", "without imports", "times Tenbin", "without imports"], times),
        "Scores, means over the seeds:",
        markdown(["job", "method", "score", "Tenbin", "Python", "may differ by", "agree"], scores)])
    print(text)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if options.write:
        replace_section("benchmarks/jobs/run.py", text)
    if any(row[-1] == "NO" for row in scores) and not options.quick:
        raise SystemExit("jobs: scores differ by more than chance")


main()
