"""Shared by the Python peers: reading a problem, timing a block, answering the driver.

A peer is a process that prints its name, then answers each line `WORKLOAD SECONDS` of its input with a line of
JSON: the seconds per step of every block that fit into SECONDS, or an error. It is idle while another participant
is measured.
"""
import json
import os
import sys
import time

import numpy


class Problem:
    """The arrays of one workload, as `tenbin_benchmarks --write-data` wrote them."""

    def __init__(self, workload):
        path = os.path.join(os.environ["TENBIN_BENCH_DATA"], workload.replace("/", "-") + ".npz")
        self.arrays = dict(numpy.load(path))
        self.steps = int(self.arrays["steps"])
        self.alpha = float(self.arrays["alpha"])
        self.expected_loss = float(self.arrays["expected_loss"])

    def __getattr__(self, name):
        return self.arrays[name]

    @property
    def parameters(self):
        """Copies of the parameters, [(W0, b0), (W1, b1), ...]."""
        arrays, layers = self.arrays, range(len(self.arrays))
        return [(arrays[f"W{i}"].copy(), arrays[f"b{i}"].copy()) for i in layers if f"W{i}" in arrays]


class Unsupported(Exception):
    """The peer cannot do this work, or would do other work."""


class Block:
    """`steps` steps from the same initial state: `reset` restores it, untimed; `work` is timed and returns the last loss."""

    def __init__(self, steps, reset, work, expected_loss=None, tolerance=1e-3):
        self.steps, self.reset, self.work = steps, reset, work
        self.expected_loss, self.tolerance = expected_loss, tolerance

    def time(self):
        self.reset()
        start = time.perf_counter()
        loss = self.work()
        seconds = (time.perf_counter() - start) / self.steps
        if self.expected_loss is not None and not abs(loss - self.expected_loss) <= self.tolerance * abs(self.expected_loss):
            raise ArithmeticError(f"the loss is {loss}, expected {self.expected_loss}: this is other work")
        return seconds, loss


def measure(block, seconds):
    block.time()  # warm-up of caches, compilers, allocators
    deadline = time.perf_counter() + seconds
    times = []
    while not times or time.perf_counter() < deadline:
        step, loss = block.time()
        times.append(step)
    return {"seconds": times, "loss": loss}


def serve(name, make):
    """Answers the driver; `make(workload, problem)` returns a Block, `problem` is None where there is no data."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    sys.stdout = sys.stderr  # keeps the output of libraries out of the answers
    answers.write(json.dumps({"name": name}) + "\n")
    blocks = {}
    for line in sys.stdin:
        workload, seconds = line.split()
        try:
            if workload not in blocks:
                blocks[workload] = make(workload, None if workload.startswith("graph/") else Problem(workload))
            answer = measure(blocks[workload], float(seconds))
        except Exception as error:  # any error: the table reports it, and the other participants continue
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
