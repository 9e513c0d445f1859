"""Measures trainings on several ranks: the time of a step, what is sent, and how exact the result is.

    run.py BUILD [--venv DIR] [--ranks 1 2] [--rounds 5] [--json FILE] [--write]

BUILD is of the preset `bench` with -DTENBIN_MPI=ON; DIR has PyTorch, for the comparison with its
DistributedDataParallel. Every rank has one thread and a processor of its own. --write replaces the tables in
RESULTS.md. benchmarks/README.md explains the numbers.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from machine import machine  # noqa: E402
from participants import ALL_PROCESSORS, environment  # noqa: E402
from report import markdown, replace_section, unit  # noqa: E402

STRONG = [("784-1000-1000-10", 4096), ("784-1000-1000-10", 1024), ("30-64-64-2", 4096)]
MPI = dict(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1",
           OMPI_MCA_btl_vader_single_copy_mechanism="none")


def run(argv, ranks):
    binding = "core" if ranks <= len(ALL_PROCESSORS) else "none"
    launcher = ["mpirun", "-n", str(ranks), "--bind-to", binding] if ranks > 1 else []
    process = subprocess.run([*launcher, *map(str, argv)], env=dict(environment(1, ""), **MPI), text=True,
                             stdout=subprocess.PIPE)
    if process.returncode != 0:
        raise SystemExit(f"distributed: failed: {' '.join(map(str, argv))} on {ranks} ranks")
    return json.loads(process.stdout.splitlines()[-1])


def formula(found):
    """Bytes of gradients that a rank sends in a step, if every rank has one complete subtree of the shards."""
    ranks = found["ranks"]
    return 2 * (ranks - 1) / ranks * 4 * found["parameters"]


def step_rows(options, scaling):
    """A row per workload and number of ranks; strong: the batch stays, weak: it grows with the ranks."""
    rows, found = [], {}
    for widths, batch in STRONG if scaling == "strong" else [("784-1000-1000-10", 2048)]:
        rounds = {ranks: [] for ranks in options.ranks}
        for number in range(options.rounds):
            for ranks in options.ranks[:: -1 if number % 2 else 1]:
                size = batch if scaling == "strong" else batch * ranks
                rounds[ranks].append(run([options.build / "benchmarks/distributed/steps", widths, size], ranks))
        alone = rounds[options.ranks[0]]
        for ranks in options.ranks:
            all_seconds = [each["seconds"] for each in rounds[ranks]]
            each = rounds[ranks][0]
            # Of the time on one rank, of DataParallel and of the plain step: 1 is ideal.
            share = ranks if scaling == "strong" else 1
            ideal = statistics.median(mine * share / one["seconds"] for mine, one in zip(all_seconds, alone))
            plain = statistics.median(mine * share / one["plain_seconds"] for mine, one in zip(all_seconds, alone))
            rows.append([scaling, widths, str(each["batch"]), str(ranks), unit(statistics.median(all_seconds)),
                         f"{ideal:.2f}", f"{plain:.2f}", str(each["messages"]), str(each["bytes"]),
                         str(each["gradient_bytes"]), f"{formula(each):.0f}",
                         unit(statistics.median(one["exchange_seconds"] for one in rounds[ranks])) if ranks > 1 else "-"])
            found[f"{scaling}/{widths}/{each['batch']}/{ranks}"] = rounds[ranks]
    return rows, found


def exactness_rows(options, folder):
    path = folder / "problem.npz"
    pytorch = lambda *argv: subprocess.run([options.python, HERE / "ddp.py", *argv], text=True, check=True,
                                           stdout=subprocess.PIPE).stdout
    pytorch("write", path)
    rows = []
    for ranks in [2, 3, 4, 8]:
        ours = run([options.build / "benchmarks/distributed/exactness", path, 3], ranks)
        theirs = json.loads(pytorch("train", path, "3", str(ranks)).splitlines()[-1])
        rows.append([str(ranks), f"{ours['largest_difference']:.2g}", f"{theirs['largest_difference']:.2g}"])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--venv", type=pathlib.Path, help="default: BUILD/venv")
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.python = (options.venv or options.build / "venv").absolute() / "bin/python"
    options.ranks = [ranks for ranks in options.ranks if ranks <= len(ALL_PROCESSORS)]
    facts = dict(machine(), **{"load at the start": f"{os.getloadavg()[0]:.1f}"})
    strong, found = step_rows(options, "strong")
    weak, more = step_rows(options, "weak")
    with tempfile.TemporaryDirectory() as scratch:
        exact = exactness_rows(options, pathlib.Path(scratch))
    header = ["scaling", "network", "batch", "ranks", "step", "of ideal", "of plain", "messages", "bytes sent",
              "of gradients", "by formula", "exchange"]
    text = "\n\n".join([
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
        f"{options.rounds} alternating rounds, medians of 10 steps:", markdown(header, strong + weak),
        "The largest difference of a weight from the training on whole batches in one process, after 3 epochs:",
        markdown(["ranks", "Tenbin", "PyTorch DDP (gloo)"], exact)])
    print(text)
    if options.json:
        options.json.write_text(json.dumps(dict(found, **more), indent=1))
    if options.write:
        replace_section("benchmarks/distributed/run.py", text)


if __name__ == "__main__":
    main()
