"""Measures how time and peak memory grow with rows, classes, features and the size of a batch, and draws it:

    run.py BUILD [--rounds 3] [--limit 60] [--quick] [--axes rows ...] [--json FILE] [--write]

BUILD is build/bench, of the preset `bench`. Each measurement is a process of one thread (scale.cpp); times are medians
over the rounds. A size whose time is expected beyond the limit, in seconds, is left out; --quick: beyond 0.2, and one
round. An exponent is that of the last decade: the logarithm, to base 10, of the growth from the second largest size to
the largest. --write replaces the tables in RESULTS.md and the drawings in docs/; without it they are in BUILD/.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from machine import machine  # noqa: E402
from participants import spawn  # noqa: E402
from report import markdown, replace_section, unit  # noqa: E402

TOLERANCE = 0.1  # of an exponent


class Scale:
    def __init__(self, options, folder, log):
        self.program = str(options.build / "benchmarks/scale/scale")
        self.options, self.folder, self.log = options, folder, log
        self.workloads = {(axis, name): ((int(time), int(memory)), list(map(int, sizes)))
                          for axis, name, time, memory, *sizes in map(str.split, self.call("list").splitlines())
                          if axis in options.axes}

    def call(self, *arguments):
        process = spawn([self.program, *map(str, arguments)], 1, str(self.folder), self.log, cwd=self.folder)
        output, _ = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"scale: {' '.join(map(str, arguments))} failed; see {self.log.name}")
        return output

    def measure(self):
        """{(axis, workload, size): [(seconds, input's peak, peak) of each round]}"""
        samples = {}
        for number in range(self.options.rounds):
            for (axis, name), ((exponent, _), sizes) in self.workloads.items():
                seconds = []
                for size in sizes:
                    if self.expected(seconds, sizes, exponent) > self.options.limit:
                        break
                    print(f"scale: round {number + 1} of {self.options.rounds}: {name}, {size} {axis}", file=sys.stderr)
                    sample = tuple(map(float, self.call("run", axis, name, size).split()))
                    samples.setdefault((axis, name, size), []).append(sample)
                    seconds.append(sample[0])
        return samples

    def expected(self, seconds, sizes, exponent):
        """The time of the next size: it grows as before, or as expected if that is more."""
        n = len(seconds)
        if n == 0:
            return 0
        growth = (sizes[n] / sizes[n - 1]) ** exponent
        return seconds[-1] * max(growth, seconds[-1] / seconds[-2] if n > 1 else 0)

    def draw(self, samples, target):
        table = self.folder / "scale.csv"
        lines = ["axis,workload,size,seconds,peak"]
        for (axis, name, size), rounds in samples.items():
            seconds, _, peak = medians(rounds)
            lines.append(f"{axis},{name},{size},{seconds:.9g},{peak:.0f}")
        table.write_text("\n".join(lines) + "\n")
        self.call("draw", table, target)


def medians(rounds):
    return [statistics.median(column) for column in zip(*rounds)]


def exponent(values):
    """Of the last decade of {size: value}; None if there is only one size."""
    (size, value), (next_size, next_value) = ([(1, 1), (1, 1)] + sorted(values.items()))[-2:]
    return math.log(next_value / value) / math.log(next_size / size) if len(values) > 1 else None


def size_text(size):
    return str(size) if size < 10000 else f"10^{round(math.log10(size))}"


def memory_text(size):
    return f"{size / 1e6:.0f} MB"


def tables(workloads, samples):
    """For each axis the times and the memory, and what grows faster than expected."""
    parts, faster = [], []
    for axis in dict.fromkeys(axis for axis, _ in workloads):
        sizes = sorted({size for each, _, size in samples if each == axis})
        for which, (what, column, text) in enumerate((("time", 0, unit), ("peak memory", 2, memory_text))):
            rows = []
            for (each, name), (exponents, _) in workloads.items():
                values = {size: medians(samples[axis, name, size])[column] for size in sizes
                          if each == axis and (axis, name, size) in samples}
                if not values:
                    continue
                slope = exponent(values)
                rows.append([name] + [text(values[size]) if size in values else "-" for size in sizes] +
                            ["-" if slope is None else f"{slope:.2f}", str(exponents[which])])
                if slope is not None and slope > exponents[which] + TOLERANCE:
                    faster.append(f"{what} of {name} over {axis} ({slope:.2f})")
            parts.append(markdown([f"{what} over {axis}", *map(size_text, sizes), "exponent", "expected"], rows))
    parts.append(f"Exponents more than {TOLERANCE} above the expected one: {', '.join(faster) or 'none'}.")
    return "\n\n".join(parts)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--axes", nargs="+", default=["rows", "classes", "features", "batch"])
    parser.add_argument("--quick", action="store_true", help="one round of what takes up to 0.2 seconds")
    parser.add_argument("--json", type=pathlib.Path, help="write every number there")
    parser.add_argument("--write", action="store_true", help="replace the tables in RESULTS.md and the drawings in docs/")
    options = parser.parse_args()
    options.build = options.build.resolve()
    if options.quick:
        options.rounds, options.limit = 1, 0.2
    return options


def main():
    options = parse()
    facts = machine()
    facts["load at the start"] = f"{os.getloadavg()[0]:.1f}"
    with tempfile.TemporaryDirectory() as scratch, open(options.build / "scale.log", "w") as log:
        scale = Scale(options, pathlib.Path(scratch), log)
        samples = scale.measure()
        scale.draw(samples, HERE.parents[1] / "docs" if options.write else options.build)
    text = "\n\n".join(["\n".join(f"- {name}: {value}" for name, value in facts.items()),
                        f"1 thread, {options.rounds} round(s), medians:", tables(scale.workloads, samples)])
    print(text)
    if options.json:
        rows = [{"axis": axis, "workload": name, "size": size, "rounds": rounds}
                for (axis, name, size), rounds in samples.items()]
        options.json.write_text(json.dumps({"machine": facts, "rows": rows}, indent=1) + "\n")
    if options.write:
        replace_section("benchmarks/scale/run.py", text)


main()
