"""Measures Tenbin and PyTorch on one GPU, alternately, and prints the tables. Started by scripts/gpu.sh.

A round runs every participant on each workload; in the next round another participant is first. The tables show the
median over the rounds of the medians of each round; a ratio is the median of the ratios within each round.
"""
import argparse
import json
import os
import subprocess
import sys
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from machine import machine, output_of
from participants import ALL_PROCESSORS, Peer
from report import Results, markdown, targets_table, unit, verdict

HEADINGS = {"tenbin": "Tenbin", "captured": "Tenbin captured", "eager": "PyTorch eager", "compile": "torch.compile",
            "graph": "PyTorch CUDA graph", "compiled_graph": "torch.compile in a CUDA graph"}
OPTIONS = {"captured": ["--captured"], "compile": ["--compile"], "graph": ["--graph"],
           "compiled_graph": ["--compile", "--graph"]}
OURS = ["tenbin", "captured"]

COPY = "copy/1024"
LOSSES = ["loss/65536x10", "loss/65536x128", "loss/65536x1000", "loss/16384x32000"]
STEPS = ["step/30-64-64-2/256", "step/784-1000-1000-10/100", "step/784-1000-1000-10/4096"]
TINY = {"copy": "copy/1", "fp32": ["loss/64x10", "step/30-64-64-2/16"], "tf32": ["step/30-64-64-2/16"]}
FULL = {"copy": COPY, "fp32": LOSSES + STEPS, "tf32": STEPS}

PRECISIONS = {"fp32": "float32", "tf32": "TF32"}

# The most microseconds of captured steps.
STEP_LIMITS = [("step/30-64-64-2/256", "fp32", 60), ("step/784-1000-1000-10/100", "fp32", 80),
               ("step/784-1000-1000-10/4096", "fp32", 900), ("step/784-1000-1000-10/4096", "tf32", 250)]


def elements(workload):
    rows, classes = workload.removeprefix("loss/").split("x")
    return int(rows) * int(classes)


def copied_bytes(workload):
    """Bytes read and written: twice the size of the array."""
    return 2 * int(workload.removeprefix("copy/")) * 2**20


class Measurements:
    """The times, and Tenbin's counts for the last block of steps, by the same keys."""

    def __init__(self):
        self.results, self.details = Results(HEADINGS), {}

    def ask(self, peer, workload, precision, seconds):
        if (workload, precision, peer.key) in self.results.notes:
            return  # it failed the last time
        answer = peer.ask(workload, seconds)
        if "error" in answer:
            self.results.note(workload, precision, peer.key, answer["error"])
            return
        self.results.add(workload, precision, peer.key, answer.pop("seconds"))
        if peer.key in OURS:
            self.details[workload, precision, peer.key] = answer

    def copy_rates(self):
        """Bytes read and written per second, one number per round."""
        return [copied_bytes(w) / s for (w, _, _), samples in self.results.samples.items() if w.startswith("copy/")
                for s in samples]

    def copy_share(self, workload):
        """The share of the copy rate that the loss reaches, if it moves 2NC floats of four bytes."""
        shares = [8 * elements(workload) / seconds / rate
                  for seconds, rate in zip(self.results.rounds(workload, "fp32", "tenbin"), self.copy_rates())]
        return median(shares) if shares else None

    def targets(self, l2_bytes):
        verdicts = []
        judge = lambda *arguments: verdicts.append(verdict(*arguments))

        def judge_ratio(workload, who, to, least):
            judge(workload, f"{HEADINGS[who]} / {HEADINGS[to]}", self.results.ratio(workload, "fp32", who, to),
                  f">= {least}", lambda x: x >= least)

        for workload in LOSSES:
            if 8 * elements(workload) > l2_bytes:  # the scores and their gradient
                judge(workload, "share of the copy rate", self.copy_share(workload), ">= 0.85", lambda x: x >= 0.85)
            judge_ratio(workload, "eager", "tenbin", 2)
        for workload, precision, most in STEP_LIMITS:
            seconds = self.results.get(workload, precision, "captured")
            judge(workload, f"us captured, {PRECISIONS[precision]}", seconds and seconds * 1e6, f"<= {most}", lambda x: x <= most,
                  "{:.1f}")
        judge_ratio(STEPS[0], "eager", "captured", 5)
        judge_ratio(STEPS[0], "graph", "captured", 1)
        judge_ratio(STEPS[0], "compiled_graph", "captured", 1)
        judge_ratio(STEPS[0], "eager", "tenbin", 3)
        for workload in STEPS:
            counts = [d["allocations"] + d["synchronizations"] for (w, _, _), d in self.details.items() if w == workload]
            judge(workload, "allocations and waits in a block", max(counts, default=None), "0", lambda x: x == 0, "{}")
        return verdicts

    def losses_table(self):
        rows = []
        for workload in LOSSES:
            share, seconds = self.copy_share(workload), self.results.get(workload, "fp32", "tenbin")
            if share:
                rows.append([workload, unit(seconds), f"{8 * elements(workload) / seconds / 1e9:.0f} GB/s", f"{share:.2f}"])
        return markdown(["workload", "Tenbin", "2NC floats a second", "share of the copy rate"], rows)

    def details_table(self):
        rows = [[workload, PRECISIONS[precision], HEADINGS[who], f"{d['launches']:g}", str(d["nodes"] or "-"), str(d["allocations"]),
                 str(d["synchronizations"])]
                for (workload, precision, who), d in self.details.items() if not workload.startswith("copy/")]
        return markdown(["workload", "", "", "launches a step", "nodes of the graph", "allocations", "waits"], rows)


def gpu_facts(arguments):
    """Facts about the machine, and the size of the L2 cache in bytes, 0 if unknown."""
    if arguments.emulated:
        return {"gpu": "NONE: THIS IS THE EMULATOR, AND NO MEASUREMENT"}, 0
    query = "import torch; print(torch.cuda.get_device_properties(0).L2_cache_size, torch.version.cuda)"
    python = os.path.abspath(os.path.join(arguments.venv, "bin", "python"))
    l2_bytes, torch_cuda = (output_of(python, "-c", query).split() or ["0", "is not there"])[:2]
    card = output_of("nvidia-smi", "--query-gpu=name,driver_version,clocks.max.sm,power.limit", "--format=csv,noheader", "--id=0")
    nvcc = output_of("nvcc", "--version").splitlines()
    return {"gpu": f"{card} (name, driver, highest clock, power limit)", "L2 cache": f"{int(l2_bytes) / 2**20:.0f} MiB",
            "cuda": f"{nvcc[-1] if nvcc else 'nvcc is not in the PATH'}; PyTorch's {torch_cuda}"}, int(l2_bytes)


def start(arguments, precision, log):
    program = os.path.join(arguments.build, "benchmarks", "gpu", "tenbin_gpu_benchmarks")
    pytorch = [os.path.join(arguments.venv, "bin", "python"), os.path.join(HERE, "pytorch.py")]
    peers = []
    for key in HEADINGS:
        argv = [program] if key in OURS else pytorch + ["--cpu"] * arguments.emulated
        if not os.path.exists(argv[0]):
            print(f"gpu: no {HEADINGS[key]}: {argv[0]} is not there", file=sys.stderr)
            continue
        options = OPTIONS.get(key, []) + ["--tf32"] * (precision == "tf32")
        peers.append(Peer(key, argv + options, len(ALL_PROCESSORS), arguments.data, log))
        print(f"gpu: {peers[-1].name}: {peers[-1].error or 'ready'}", file=sys.stderr)
    return peers


def measure(arguments, workloads, log):
    measurements = Measurements()
    rounds, seconds = (2, 0.1) if arguments.quick else (5, 0.5)
    for precision in PRECISIONS:
        peers = start(arguments, precision, log)
        for number in range(rounds):
            first = number % len(peers)
            if precision == "fp32":
                measurements.ask(peers[0], workloads["copy"], precision, seconds)
            for workload in workloads[precision]:
                print(f"gpu: {PRECISIONS[precision]}, round {number + 1} of {rounds}: {workload}", file=sys.stderr)
                for peer in peers[first:] + peers[:first]:
                    measurements.ask(peer, workload, precision, seconds)
        for peer in peers:
            peer.stop()
    return measurements


def main():
    parser = argparse.ArgumentParser(prog="scripts/gpu.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two rounds of short blocks")
    parser.add_argument("--json", metavar="FILE", help="write every number there")
    parser.add_argument("--emulated", action="store_true",
                        help="tiny workloads, the emulator for Tenbin and the CPU for PyTorch: that everything works")
    for name in ("build", "data", "venv"):
        parser.add_argument("--" + name, required=True, help="a directory")
    arguments = parser.parse_args()

    workloads = TINY if arguments.emulated else FULL
    facts, (of_gpu, l2_bytes) = machine(), gpu_facts(arguments)
    facts.update(of_gpu)
    facts["load at the start"] = os.getloadavg()[0]
    os.makedirs(arguments.data, exist_ok=True)
    subprocess.run([os.path.join(arguments.build, "benchmarks", "gpu", "tenbin_gpu_benchmarks"), "--write-data",
                    *workloads["fp32"]], check=True, env=dict(os.environ, TENBIN_BENCH_DATA=arguments.data))
    with open(os.path.join(arguments.build, "gpu.log"), "w") as log:
        measurements = measure(arguments, workloads, log)
    results, verdicts = measurements.results, measurements.targets(l2_bytes)
    rates = measurements.copy_rates()

    for name, value in facts.items():
        print(f"{name}: {value}")
    print(f"rounds: {2 if arguments.quick else 5}, alternating; times are medians")
    print("copy rate: " + (f"{median(rates) / 1e9:.0f} GB/s read and written" if rates else "not measured"))
    for precision, name in PRECISIONS.items():
        print(f"\n{name}\n\n" + results.times(precision))
    print("\nsoftmax_cross_entropy beside the copy\n\n" + measurements.losses_table())
    print("\nWhat a step does; allocations and waits are those of a whole block\n\n" + measurements.details_table())
    print("\nTargets\n\n" + targets_table(verdicts))
    print(results.missing())

    if arguments.json:
        rows = [{"workload": w, "precision": p, "participant": who, "seconds": s}
                for (w, p, who), s in results.samples.items()]
        details = [dict(d, workload=w, precision=p, participant=who) for (w, p, who), d in measurements.details.items()]
        notes = [{"workload": w, "precision": p, "participant": who, "note": text}
                 for (w, p, who), text in results.notes.items()]
        with open(arguments.json, "w") as file:
            json.dump({"machine": facts, "copy_rates": rates, "rows": rows, "details": details, "notes": notes,
                       "targets": verdicts}, file, indent=1)
            file.write("\n")


main()
