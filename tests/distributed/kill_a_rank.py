"""Kills a random rank of a training at random moments: the job must end soon, and a run with another number of ranks
must go on to the bits of a run that was never killed.

    kill_a_rank.py PROGRAM [KILLS [SEED]]      6 kills by default
"""

import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

MOST_SECONDS = 10  # from the kill to the end of the job

environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                   OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_MCA_btl_vader_single_copy_mechanism="none",
                   TENBIN_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")


def start(program, directory, ranks):
    return subprocess.Popen(["mpirun", "-n", str(ranks), program, "train", directory], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def log_of(directory):
    return re.sub(r'"elapsed_time": [^\n]*', "", (pathlib.Path(directory) / "log").read_text())


def main():
    if shutil.which("mpirun") is None:
        print("skipped: no mpirun (Debian: openmpi-bin)")
        sys.exit(77)
    program = sys.argv[1]
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    with tempfile.TemporaryDirectory() as root:
        begin = time.monotonic()
        straight = subprocess.run([program, "train", f"{root}/straight"], env=environment, text=True, check=True,
                                  stdout=subprocess.PIPE).stdout
        duration = time.monotonic() - begin
        killed, runs, longest = 0, 0, 0.0
        while killed < kills:
            directory = f"{root}/{runs}"
            runs += 1
            ranks = 4
            while True:
                for path in pathlib.Path(directory).glob("pid.*"):
                    path.unlink()
                job = start(program, directory, ranks)
                deadline = time.monotonic() + 60
                while len(list(pathlib.Path(directory).glob("pid.?"))) < ranks and time.monotonic() < deadline:
                    time.sleep(0.002)
                if killed < kills:
                    time.sleep(chance.uniform(0, duration))
                    victim = pathlib.Path(directory) / f"pid.{chance.randrange(ranks)}"
                    try:
                        os.kill(int(victim.read_text()), signal.SIGKILL)
                        when = time.monotonic()
                    except ProcessLookupError:
                        when = None  # the training has ended
                else:
                    when = None
                output = job.communicate(timeout=120)[0]
                if job.returncode == 0:
                    break
                if when is None:
                    sys.exit(f"FAILED without a kill:\n{output}")
                seconds = time.monotonic() - when
                longest = max(longest, seconds)
                if seconds > MOST_SECONDS:
                    sys.exit(f"FAILED: the job ended {seconds:.1f} s after the kill:\n{output}")
                if not output.strip():
                    sys.exit("FAILED: the job ended without a message")
                killed += 1
                ranks = chance.choice([1, 2, 3])  # not as many as before
            if output != straight:
                sys.exit(f"FAILED: run {runs} has {output}, the straight one {straight}")
            if log_of(directory) != log_of(f"{root}/straight"):
                sys.exit(f"FAILED: run {runs} has another log than the straight one")
        print(f"{killed} kills in {runs} runs, each job ended within {longest:.2f} s; every run, resumed on 1, 2 or 3 "
              f"ranks, has the bits and the log of the straight one: {straight.strip()}")


main()
