"""Measures Tenbin, the floor and the peers alternately and prints the tables. Started by scripts/bench.sh.

A round runs every participant on each workload; in the next round another participant is first. The tables show the
median over the rounds of the medians of each round; a ratio is the median of the ratios within each round.
"""
import argparse
import json
import os
import sys

import participants
from machine import machine
from participants import Ours, Peer, first_step, peer_programs
from report import HEADINGS, TARGETS, Results, markdown, targets_table, unit

JUDGED_BY_COMPILE = [w for w, target in TARGETS.items() if "compile" in target.get("slower", {})]
OURS_ALONE = ["gather/fashion-mnist-lt"]


def start_peers(arguments, threads, keys, log):
    peers = []
    for key, argv in peer_programs(arguments.build, arguments.venv, arguments.chainer_venv).items():
        if key not in keys:
            continue
        if not os.path.exists(argv[0]):
            print(f"bench: no {HEADINGS[key]}: {argv[0]} is not there", file=sys.stderr)
            continue
        peers.append(Peer(key, argv, threads, arguments.data, log))
        print(f"bench: {peers[-1].name}: {peers[-1].error or 'ready'}", file=sys.stderr)
    return peers


def takes_part(who, workload, quick):
    """torch.compile takes long to compile: a quick run uses it only for workloads whose targets need it."""
    return not (quick and isinstance(who, Peer) and who.key == "compile" and workload not in JUDGED_BY_COMPILE)


def measure(arguments, threads, peers, results, log):
    ours = Ours(arguments.build, threads, arguments.data, log)
    single = Ours(arguments.build, 1, arguments.data, log) if threads > 1 else None
    everybody = [ours] + ([single] if single else []) + peers
    rounds = 2 if arguments.quick else 5
    workloads = list(TARGETS) + OURS_ALONE
    for number in range(rounds):
        for workload in workloads:
            print(f"bench: {threads} thread(s), round {number + 1} of {rounds}: {workload}", file=sys.stderr)
            first = number % len(everybody)
            for who in everybody[first:] + everybody[:first]:
                if workload in OURS_ALONE and isinstance(who, Peer) or not takes_part(who, workload, arguments.quick):
                    continue
                if (workload, threads, getattr(who, "key", "")) in results.notes:
                    continue  # it failed the last time
                answer = who.measure(workload, 0.1 if arguments.quick else 0.3)
                if isinstance(answer, str):
                    results.note(workload, threads, who.key, answer)
                    continue
                for name, seconds in answer.items():
                    results.add(workload, threads, name + ("1" if who is single else ""), seconds)
    return ours.notes


def measure_first_step(arguments, log):
    programs = {"tenbin": [os.path.join(arguments.build, "benchmarks", "first_step")],
                "eager": [os.path.join(arguments.venv, "bin", "python"),
                          os.path.join(participants.HERE, "peers", "pytorch_first_step.py")]}
    runs = {who: [] for who, argv in programs.items() if os.path.exists(argv[0])}
    for _ in range(3 if arguments.quick else 10):
        for who in runs:
            runs[who].append(first_step(programs[who], arguments.data, log))
    finished = {who: [r for r in all_runs if r] for who, all_runs in runs.items()}
    middle = lambda values: sorted(values)[len(values) // 2]
    return {who: (middle([s for s, _ in some]), middle([m for _, m in some])) for who, some in finished.items() if some}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two rounds of short blocks: a few minutes")
    parser.add_argument("--json", metavar="FILE", help="write every number there")
    for name in ("build", "data", "venv", "chainer-venv"):
        parser.add_argument("--" + name, required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    results, facts = Results(), machine()
    facts["load at the start"] = os.getloadavg()[0]
    with open(os.path.join(arguments.build, "bench.log"), "w") as log:
        gemms = {}
        for threads in (1, 2):
            if threads > len(participants.ALL_PROCESSORS):
                continue
            keys = set(HEADINGS) if threads == 1 else set() if arguments.quick else {"eager", "jax"}
            peers = start_peers(arguments, threads, keys, log)
            if threads == 1:
                facts["peers"] = ", ".join(peer.name for peer in peers)
            gemms[threads] = measure(arguments, threads, peers, results, log)
            for peer in peers:
                peer.stop()
        steps = measure_first_step(arguments, log)
    facts["load at the end"] = os.getloadavg()[0]
    verdicts = results.targets(steps)

    for name, value in facts.items():
        print(f"{name}: {value}")
    print(f"rounds: {2 if arguments.quick else 5}, alternating; times are medians; the columns after Tenbin are its peers")
    print("\n1 thread, median\n\n" + results.times(1))
    print("\n1 thread, minimum\n\n" + results.times(1, min))
    print("\nThe floor of the loss is the higher of\n\n" + results.bounds(1))
    if 2 in gemms:
        print("\n2 threads, median\n\n" + results.times(2))
    print("\nProcess start to first finished step\n")
    print(markdown(["", "time", "peak memory"],
                   [[HEADINGS[who], unit(s), f"{m / 2**20:.1f} MiB"] for who, (s, m) in steps.items()]))
    print("\nTargets\n\n" + targets_table(verdicts))
    print(results.missing())

    if arguments.json:
        rows = [{"workload": w, "threads": t, "participant": who, "seconds": s}
                for (w, t, who), s in results.samples.items()]
        notes = [{"workload": w, "threads": t, "participant": who, "note": text}
                 for (w, t, who), text in results.notes.items()]
        gemm = [{"workload": w, "threads": t, "gemm": text.splitlines()}
                for t, notes_of in gemms.items() for (w, who), text in notes_of.items() if text]
        with open(arguments.json, "w") as file:
            json.dump({"machine": facts, "rows": rows, "notes": notes, "floor_gemm": gemm, "targets": verdicts,
                       "first_step": {who: {"seconds": s, "peak_bytes": m} for who, (s, m) in steps.items()}},
                      file, indent=1)
            file.write("\n")


main()
