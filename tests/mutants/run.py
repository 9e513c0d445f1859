#!/usr/bin/env python3
"""Plants bugs in the GPU code, one at a time, and checks that the tests find each of them.

    tests/mutants/run.py [--list] [--only SUBSTRING] [--keep]

The bugs are in mutants.py. They are planted in a copy of the working tree, build/mutants/tree, with its own build
directory: the preset `emulator`, in which the real .cu files run on the CPU. The tests must pass there before any bug
is planted.

The script prints a table: the bug, its file, the first test that failed (and how, if it crashed or hung), the seconds
of build and test. The exit status is 0 if every bug was caught. A bug whose `old` text does not occur exactly once, or
that does not compile, is an error of mutants.py and not caught. The tests' output is kept in build/mutants/log.
"""
import argparse
import fnmatch
import html
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # leaves no files in the working tree

from mutants import MUTANTS, Mutant  # noqa: E402

SOURCE = Path(__file__).resolve().parents[2]
TREE = SOURCE / "build/mutants/tree"
BUILD = TREE / "build/emulator"
LOG = SOURCE / "build/mutants/log"

# A test run is considered endless after a multiple of the CPU seconds of the unmutated run, which do not depend on the
# load of the machine; and after an hour, in case it waits and uses no CPU.
PATIENCE = 3
LEAST_CPU_SECONDS = 60
HOUR = 3600

# The copy shares the compiler cache with other builds of these sources.
ENVIRONMENT = {"CCACHE_BASEDIR": str(TREE), "CCACHE_NOHASHDIR": "1", **os.environ}


class Wrong(Exception):
    """The table of mutants, or the tree, is invalid."""


def write_if_changed(path: Path, content: bytes):
    """Keeps the time of an unchanged file, so that nothing is rebuilt for it."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def copy_link(link: Path, copy: Path):
    """A link stays one, relative to where it is: include/tenbin leads to the directory that it is in."""
    if not copy.is_symlink():
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.symlink_to(os.readlink(link))


def copy_tree(tree: Path, change=lambda name, content: content):
    """Copies the files of the working tree that git tracks or does not ignore, with their current content, after
    `change` has edited it."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=SOURCE, check=True, capture_output=True, text=True).stdout
    listed = [name for name in listed.split("\0") if name]
    for name in filter(lambda name: (SOURCE / name).is_symlink(), listed):
        copy_link(SOURCE / name, tree / name)
    names = {name for name in listed if (SOURCE / name).is_file() and not (SOURCE / name).is_symlink()}
    for name in names:
        write_if_changed(tree / name, change(name, (SOURCE / name).read_bytes()))
        shutil.copymode(SOURCE / name, tree / name)
    for path in tree.rglob("*"):
        name = path.relative_to(tree).as_posix()
        if path.is_file() and name not in names and not name.startswith("build/"):
            path.unlink()


def run_quietly(command: list, log: Path) -> bool:
    with open(log, "w") as out:
        return subprocess.run(command, cwd=TREE, stdout=out, stderr=subprocess.STDOUT,
                              env=ENVIRONMENT).returncode == 0


def configure():
    command = ["cmake", "--preset", "emulator"]
    if shutil.which("ccache"):
        command.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    if not run_quietly(command, LOG / "configure.txt"):
        raise Wrong(f"does not configure: see {LOG / 'configure.txt'}")


def build(log: Path):
    jobs = str(os.cpu_count() or 1)
    if not run_quietly(["cmake", "--build", str(BUILD), "--target", "tenbin_tests", "--parallel", jobs], log):
        raise Wrong(f"does not compile: see {log}")


class Outcome:
    """The result of one run of the tests, from its XML report."""

    def __init__(self, report: str, status: int):
        self.status = status
        self.names = [html.unescape(name) for name in re.findall(r'<TestCase name="([^"]*)"', report)]
        failure = re.search(r'<Expression success="false"|<(Failure|Exception|FatalErrorCondition)\b', report)
        before = report[:failure.start()] if failure else report
        self.culprit = html.unescape((re.findall(r'<TestCase name="([^"]*)"', before) or ["before any test"])[-1])

    @property
    def passed(self) -> bool:
        return self.status == 0

    def caught_by(self) -> str:
        if self.status in (-signal.SIGXCPU, -signal.SIGKILL):
            return f"{self.culprit} (by timeout)"
        return f"{self.culprit} (by a crash)" if self.status < 0 else self.culprit


def escape(pattern: str) -> str:
    return re.sub(r"([,\[\]\\])", r"\\\1", pattern)


def run_tests(patterns: tuple, cpu_seconds: int, log: Path, cache: bool = True) -> Outcome:
    """The tests of these names, or all, up to the first failure. Without the cache of device memory, every
    array is its own block, so that accesses out of bounds are detected."""
    command = [str(BUILD / "tests/tenbin_tests"), "--abort", "--reporter", "xml"]
    if patterns:
        command.append(",".join(escape(pattern) for pattern in patterns))

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    environment = {**ENVIRONMENT, "TENBIN_CUDA_CACHE": "1" if cache else "0"}
    with open(log, "w") as out:
        try:
            status = subprocess.run(command, cwd=TREE, stdout=out, stderr=subprocess.STDOUT, env=environment,
                                    preexec_fn=limit, timeout=HOUR).returncode
        except subprocess.TimeoutExpired:
            status = -signal.SIGKILL
    outcome = Outcome(log.read_text(errors="replace"), status)
    if outcome.passed and not outcome.names:
        raise Wrong(f"no test is named {' or '.join(patterns)}")
    return outcome


def check_unmutated(mutants: list, everything: bool) -> int:
    """The CPU seconds after which a run of the tests is considered endless."""
    build(LOG / "unmutated_build.txt")
    patterns = tuple(sorted({pattern for mutant in mutants for pattern in mutant.tests}))
    if everything or not all(mutant.tests for mutant in mutants):
        patterns = ()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for cache in (False, True):
        outcome = run_tests(patterns, HOUR, LOG / "unmutated.txt", cache)
        if not outcome.passed:
            raise Wrong(f"fails without a mutant: {outcome.caught_by()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    for mutant in mutants:
        for pattern in mutant.tests:
            if not any(fnmatch.fnmatchcase(name, pattern) for name in outcome.names):
                raise Wrong(f'"{mutant.name}" names no test: "{pattern}"')
    print(f"unmutated: {len(outcome.names)} tests pass", flush=True)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return max(LEAST_CPU_SECONDS, int(PATIENCE * seconds))


def mutated(mutant: Mutant, text: str) -> str:
    if text.count(mutant.old) != 1:
        raise Wrong(f"its text is in {mutant.file} {text.count(mutant.old)} times")
    return text.replace(mutant.old, mutant.new)


def catch(mutant: Mutant, cpu_seconds: int) -> str:
    """What catches a mutant that has been planted; empty if nothing does. The tests that it names are only where to
    look first."""
    log = re.sub(r"[^a-z0-9]+", "_", mutant.name.lower())
    build(LOG / f"{log}_build.txt")
    for patterns in (mutant.tests, ()):
        for cache in (True, False):
            outcome = run_tests(patterns, cpu_seconds, LOG / f"{log}.txt", cache)
            if not outcome.passed:
                return outcome.caught_by()
    return ""


def check_all(mutants: list):
    """All that can be said without a compiler."""
    names = [mutant.name for mutant in mutants]
    for mutant in mutants:
        try:
            mutated(mutant, (SOURCE / mutant.file).read_text())
        except (Wrong, OSError) as wrong:
            raise Wrong(f'"{mutant.name}": {wrong}') from None
        if names.count(mutant.name) > 1:
            raise Wrong(f'two mutants are named "{mutant.name}"')


def table_row(name: str, file: str, caught_by: str, seconds: str) -> str:
    return f"| {name} | {file} | {caught_by} | {seconds} |"


def run(mutants: list, everything: bool, keep: bool) -> bool:
    LOG.mkdir(parents=True, exist_ok=True)
    copy_tree(TREE)
    configure()
    cpu_seconds = check_unmutated(mutants, everything)
    print()
    print(table_row("planted bug", "file", "caught by", "s"))
    print(table_row("---", "---", "---", "--:"), flush=True)
    survivors = errors = 0
    for mutant in mutants:
        start = time.monotonic()
        place = TREE / mutant.file
        original = place.read_text()
        place.write_text(mutated(mutant, original))
        try:
            caught_by = catch(mutant, cpu_seconds)
            survivors += not caught_by
        except Wrong as wrong:
            caught_by = f"ERROR: {wrong}"
            errors += 1
        finally:
            if not (keep and mutant is mutants[-1]):
                place.write_text(original)
        seconds = f"{time.monotonic() - start:.0f}"
        print(table_row(mutant.name, mutant.file, caught_by or "**nothing**", seconds), flush=True)
    print(f"\n{len(mutants) - survivors - errors} of {len(mutants)} caught"
          + (f"; {errors} could not be planted" if errors else ""))
    return survivors == errors == 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the bugs, and whether their places are found")
    parser.add_argument("--only", metavar="SUBSTRING", default="", help="those whose name or file contains it")
    parser.add_argument("--keep", action="store_true", help="leave the last bug in the copy, for inspection")
    arguments = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if arguments.only in mutant.name or arguments.only in mutant.file]
    try:
        check_all(chosen)
        if arguments.list:
            print("\n".join(f"{mutant.file}: {mutant.name}" for mutant in chosen))
            print(f"{len(chosen)} planted bugs")
            sys.exit(0)
        if not chosen:
            raise Wrong(f'no mutant contains "{arguments.only}"')
        sys.exit(0 if run(chosen, not arguments.only, arguments.keep) else 1)
    except Wrong as wrong:
        sys.exit(f"mutants: {wrong}")
