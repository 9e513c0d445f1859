"""The participants: Tenbin and the floor, one process per measurement; the peers, long-running processes."""
import json
import os
import select
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def environment(threads, data):
    """The environment of all participants: the number of threads, and no setting that changes a BLAS's choice of kernels."""
    values = dict(os.environ, TENBIN_BENCH_DATA=data, JAX_PLATFORMS="cpu", PYTHONDONTWRITEBYTECODE="1")
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        values.pop(name, None)
    for name in ("TENBIN", "OMP", "OPENBLAS", "MKL"):
        values[name + "_NUM_THREADS"] = str(threads)
    return values


def spawn(argv, threads, data, log, **options):
    """Starts a process that may run on `threads` processors."""
    os.sched_setaffinity(0, set(sorted(ALL_PROCESSORS)[:threads]))
    try:
        return subprocess.Popen(argv, env=environment(threads, data), stderr=log, text=True,
                                stdout=subprocess.PIPE, **options)
    finally:
        os.sched_setaffinity(0, ALL_PROCESSORS)


ALL_PROCESSORS = os.sched_getaffinity(0)


class Ours:
    """Tenbin and the other benchmarks in `tenbin_benchmarks`: the floor, the copy, the exponentials."""

    def __init__(self, build, threads, data, log):
        self.program = os.path.join(build, "benchmarks", "tenbin_benchmarks")
        self.threads, self.data, self.log = threads, data, log
        self.notes = {}

    def measure(self, workload, seconds):
        """{"tenbin": seconds per step, "floor": ...}: medians over the blocks that fit into the time."""
        process = spawn([self.program, f"--benchmark_filter=^{workload}/", f"--benchmark_min_time={seconds}",
                         "--benchmark_format=json"], self.threads, self.data, self.log)
        output, _ = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"bench: {workload} failed; see the log")
        medians = {}
        for run in json.loads(output)["benchmarks"]:
            who = run["name"].removesuffix("/manual_time").rsplit("/", 1)[1]
            medians[who] = run["median"]
            self.notes[workload, who] = run.get("label", "")
        return medians


class Peer:
    """A process that answers `WORKLOAD SECONDS` with JSON, as peers/peer.py describes."""

    def __init__(self, key, argv, threads, data, log, start_limit=180, limit=300):
        self.key, self.limit, self.name = key, limit, key
        self.process = spawn(argv, threads, data, log, stdin=subprocess.PIPE)
        hello = self.read(start_limit)
        self.name = hello.get("name", key)
        self.error = hello.get("error")

    def read(self, limit):
        ready, _, _ = select.select([self.process.stdout], [], [], limit)
        line = self.process.stdout.readline() if ready else ""
        if line:
            return json.loads(line)
        self.stop()
        return {"error": "it ended; see the log" if ready else f"no answer in {limit} s"}

    def ask(self, workload, seconds):
        """The peer's answer, with the median as `seconds`."""
        if self.error:
            return {"error": self.error}
        try:
            self.process.stdin.write(f"{workload} {seconds}\n")
            self.process.stdin.flush()
            answer = self.read(self.limit)
        except BrokenPipeError:
            answer = {"error": "it ended; see the log"}
        if "error" not in answer:
            return dict(answer, seconds=sorted(answer["seconds"])[len(answer["seconds"]) // 2])
        if self.process.poll() is not None:
            self.error = answer["error"]
        return answer

    def measure(self, workload, seconds):
        """{key: seconds per step}, or an error text."""
        answer = self.ask(workload, seconds)
        return answer["error"] if "error" in answer else {self.key: answer["seconds"]}

    def stop(self):
        self.process.kill()
        self.process.wait()


def peer_programs(build, venv, chainer_venv):
    """The command lines of the peers, {key: argv}."""
    peers = os.path.join(HERE, "peers")
    python, chainer_python = os.path.join(venv, "bin", "python"), os.path.join(chainer_venv, "bin", "python")
    return {
        "eager": [python, f"{peers}/pytorch.py"],
        "compile": [python, f"{peers}/pytorch.py", "--compile"],
        "jax": [python, f"{peers}/jax_peer.py"],
        "libtorch": [os.path.join(build, "benchmarks", "libtorch_peer")],
        "chainer": [chainer_python, f"{peers}/chainer_peer.py"],
        "sklearn": [python, f"{peers}/sklearn_peer.py"],
    }


def first_step(argv, data, log):
    """Seconds from the start of a process to its first line, and its peak memory in bytes by then."""
    start = time.perf_counter()
    process = spawn(argv, len(ALL_PROCESSORS), data, log, stdin=subprocess.PIPE)
    line = process.stdout.readline()
    seconds = time.perf_counter() - start
    if not line:
        process.wait()
        return None
    with open(f"/proc/{process.pid}/status") as status:
        peak = next(int(entry.split()[1]) * 1024 for entry in status if entry.startswith("VmHWM"))
    process.communicate("\n")
    return seconds, peak
