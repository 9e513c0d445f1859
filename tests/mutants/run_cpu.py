#!/usr/bin/env python3
"""Plants bugs in the code that runs on the CPU and checks that the tests find them.

    tests/mutants/run_cpu.py [--list] [--sample N] [--room ROOM] [--only SUBSTRING] [--seed SEED] [--keep]

cpu_sites.py finds where a comparison, a sign or a constant can be changed, a statement left out, or two arguments
swapped. Some hundreds of these are chosen, by a hash of their names: the same code gives the same bugs. All of them
are planted in one copy of the working tree, build/mutants/cpu_tree, each with a switch (cpu_switch.h), and the tests
are built there once; a bug that does not compile is dropped. One run of all tests then records which test reaches
which bug. Then every bug is switched on in turn, and the tests that reach it are run until one fails. A crash or an
endless loop is a failure, too.

The script prints a table of the directories and the kinds of bugs, and the survivors. Known survivors are listed in
cpu_survivors.txt with the reason; if it starts with "equivalent:" or "speed:", no test could find the bug. The exit
status is 0 if every survivor is listed and at least 95% of the bugs that a test could find are found. The result of
every bug is in build/mutants/cpu_log.
"""
import argparse
import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True  # leaves no files in the working tree

from cpu_sites import find_sites, planted  # noqa: E402
from run import SOURCE, Outcome, Wrong, copy_tree, escape  # noqa: E402

HERE = Path(__file__).resolve().parent
TREE = SOURCE / "build/mutants/cpu_tree"
BUILD = TREE / "build/default"
TESTS = BUILD / "tests/tenbin_tests"
LOG = SOURCE / "build/mutants/cpu_log"
ENVIRONMENT = {"CCACHE_BASEDIR": str(TREE), "CCACHE_NOHASHDIR": "1", **os.environ}

ROOMS = ("core", "cpu", "functions", "links", "optimizers", "serializers", "datasets", "preprocessing", "resampling", "evaluation",
         "calibration", "bundle", "comparison", "plots", "report", "training")

# The number of bugs planted of each kind, including those that do not compile; every file with a site gets at least
# one.
COUNTS = {"comparison": 105, "sign": 75, "constant": 75, "statement": 105, "argument": 80}
LEAST = 300
MOST = 60_000  # numbers of bugs, see cpu_switch.h
RATE = 0.95

# The tests that reach a bug run in stages, up to this many seconds each; the rest is the last stage.
STAGES = (0.5, 5)
PATIENCE = 5
LEAST_CPU_SECONDS = 5
MEMORY = 8 << 30
FILE_BYTES = 1 << 30
UNDETECTABLE = ("equivalent:", "speed:")


@dataclass
class Test:
    name: str
    stem: str
    seconds: float

    def is_of(self, site) -> bool:
        """Whether the test's file has the name of the bug's file, or a similar one: smote_nc_test.cpp and smote.cpp."""
        stem = Path(site.file).stem
        return stem in self.stem or self.stem in stem


@dataclass
class Bug:
    number: int
    site: object
    reached_by: list = field(default_factory=list)  # the tests that reach it
    tests: list = field(default_factory=list)  # those, and the tests of its file
    found_by: str = ""

    @property
    def name(self) -> str:
        return self.site.name

    @property
    def room(self) -> str:
        return self.site.file.split("/")[0]


def order(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()


def choose(seed: int) -> list:
    """The bugs to plant: one in each file, then of each kind as many as COUNTS says, in the order of the hash."""
    sites = []
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                sites += find_sites(path.relative_to(SOURCE).as_posix(), path.read_text())
    sites.sort(key=lambda site: order(seed, site.name))
    files, counts, chosen = set(), Counter(), []
    for site in sites:
        if site.file not in files:
            files.add(site.file)
            counts[site.kind] += 1
            chosen.append(site)
    taken = {site.name for site in chosen}
    for site in sites:
        if counts[site.kind] < COUNTS[site.kind] and site.name not in taken:
            counts[site.kind] += 1
            chosen.append(site)
    return numbered(chosen, seed)


def numbered(sites: list, seed: int) -> list:
    """Numbers derived from the names: if a bug is added or removed, the other files need no rebuild."""
    bugs, taken = [], set()
    for site in sites:
        number = int(order(seed, site.name)[:8], 16)
        while (number := number % MOST + 1) in taken:
            pass
        taken.add(number)
        bugs.append(Bug(number, site))
    return sorted(bugs, key=lambda bug: bug.name)


def plant(bugs: list):
    """Makes the copy of the tree, with the bugs in it, switched off."""
    by_file = {}
    for bug in bugs:
        by_file.setdefault(bug.site.file, []).append((bug.number, bug.site))

    def change(name: str, content: bytes) -> bytes:
        if name in by_file:
            return planted(content.decode(), by_file[name]).encode()
        if name == "tests/main.cpp":
            return content + (HERE / "cpu_listener.cpp").read_bytes()
        return content

    copy_tree(TREE, change)


def configure():
    switch = TREE / "tests/mutants/cpu_switch.h"
    command = ["cmake", "--preset", "default", "-DTENBIN_EXAMPLES=OFF", "-DTENBIN_WARNINGS_AS_ERRORS=OFF",
               "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g0",
               f"-DCMAKE_CXX_FLAGS=-w -Wno-narrowing -include {switch}"]
    if shutil.which("ccache"):
        command.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    if shutil.which("ld.lld"):
        command.append("-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld")
    if not run_quietly(command, "configure.txt"):
        raise Wrong(f"does not configure: see {LOG / 'configure.txt'}")


def run_quietly(command: list, log: str) -> bool:
    with open(LOG / log, "w") as out:
        return subprocess.run(command, cwd=TREE, stdout=out, stderr=subprocess.STDOUT,
                              env=ENVIRONMENT).returncode == 0


def places_of_errors(output: str) -> set:
    """The lines of the copy with compiler errors: (file, line)."""
    places = set()
    asked_from = []  # where the template was instantiated that the next error is about
    for line in output.splitlines():
        found = re.match(r"(\S+?):(\d+):\d+: +(.*)", line)
        if not found:
            continue
        path = (BUILD / found[1]).resolve()
        place = (path.relative_to(TREE).as_posix(), int(found[2])) if path.is_relative_to(TREE) else None
        if found[3].startswith(("error:", "fatal error:")):
            own = place is not None and not place[0].startswith("tests/")
            places.update([place] if own else asked_from)
            asked_from = []
        elif place is not None and "required from" in found[3]:
            asked_from.append(place)
    return places


def at_fault(bugs: list, places: set) -> set:
    """The numbers of the bugs that do not compile: those in the lines; if there are none, the last ones before them."""
    faulty = set()
    for file, line in places:
        path = TREE / file
        if not path.is_file():
            continue
        lines = path.read_text().splitlines()
        for i in range(min(line, len(lines)) - 1, -1, -1):
            numbers = {int(n) for n in re.findall(r"TENBIN_MUTANT_\w+\((\d+)\b", lines[i])}
            if numbers:
                faulty |= numbers
                break
    return faulty


def build(bugs: list) -> list:
    """Builds the library, then the tests, whose headers may not compile. Returns the bugs that do compile."""
    for target in ("tenbin", "tenbin_tests"):
        for attempt in range(1, 20):
            log = f"build_{target}_{attempt}.txt"
            jobs = str(os.cpu_count() or 1)
            if run_quietly(["ninja", "-C", str(BUILD), "-j", jobs, "-k", "0", target], log):
                break
            faulty = at_fault(bugs, places_of_errors((LOG / log).read_text()))
            if not faulty:
                raise Wrong(f"does not compile: see {LOG / log}")
            bugs = [bug for bug in bugs if bug.number not in faulty]
            plant(bugs)
        else:
            raise Wrong(f"does not compile: see {LOG}")
    return bugs


def limit(cpu_seconds: int):
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_tests(arguments: list, log: Path, cpu_seconds: int, environment: dict) -> int:
    """The exit status; negative if a signal ended the tests. They get their own directory for files."""
    scratch = log.with_suffix(".files")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    with open(log, "w") as out:
        process = subprocess.Popen([str(TESTS), *arguments], cwd=scratch, stdout=out, stderr=subprocess.STDOUT,
                                   env={**ENVIRONMENT, **environment, "TMPDIR": str(scratch)},
                                   preexec_fn=lambda: limit(cpu_seconds), start_new_session=True)
        try:
            status = process.wait(timeout=60 + 4 * cpu_seconds)
        except subprocess.TimeoutExpired:
            status = -signal.SIGKILL
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # with child processes that a test may have left
            except ProcessLookupError:
                pass
            process.wait()
    shutil.rmtree(scratch, ignore_errors=True)
    return status


def watch(bugs: list) -> list:
    """Runs all tests without a bug and records which tests reach which bugs. The tests of a bug's file are always run,
    since statics are initialised only once. Returns the bugs without those that change nothing."""
    report, notes = LOG / "report.txt", LOG / "notes.bin"
    report.unlink(missing_ok=True)
    notes.unlink(missing_ok=True)
    status = run_tests([], LOG / "unmutated.txt", 3600,
                       {"TENBIN_MUTANT": "-1", "TENBIN_MUTANT_REACHED": str(notes),
                        "TENBIN_MUTANT_REPORT": str(report)})
    if status < 0 or not report.is_file():
        raise Wrong(f"the tests crash without a bug: see {LOG / 'unmutated.txt'}")
    by_number = {bug.number: bug for bug in bugs}
    no_bug, tests = set(), []
    for line in report.read_text().splitlines():
        duration, passed, file, numbers, name = line.split("\t")
        if passed != "1":
            print(f"fails without a bug and is left out: {name}", flush=True)
            continue
        test = Test(name, Path(file).stem.removesuffix("_test"), float(duration))
        tests.append(test)
        for number in filter(None, numbers.split(",")):
            if number.endswith("x"):
                no_bug.add(int(number[:-1]))
            else:
                by_number[int(number)].reached_by.append(test)
    print(f"{len(tests)} tests pass without a bug, in {sum(test.seconds for test in tests):.0f} s", flush=True)
    for bug in bugs:
        others = {test.name for test in bug.reached_by}
        bug.tests = bug.reached_by + [test for test in tests if test.is_of(bug.site) and test.name not in others]
    return [bug for bug in bugs if bug.number not in no_bug]


def stages(bug: Bug) -> list:
    """The tests that may find the bug: first those of its file, then by run time."""
    tests = sorted(bug.tests, key=lambda test: (not test.is_of(bug.site), test.seconds))
    parts, total = [[] for _ in range(len(STAGES) + 1)], 0.0
    for test in tests:
        total += test.seconds
        parts[sum(total > most for most in STAGES)].append(test)
    return [part for part in parts if part]


def run_bug(bug: Bug):
    """Switches the bug on and records the test that finds it."""
    log = LOG / f"{bug.number}.txt"
    names = LOG / f"{bug.number}_tests.txt"
    for stage in stages(bug):
        names.write_text("".join(f"{escape(test.name)}\n" for test in stage))
        cpu_seconds = max(LEAST_CPU_SECONDS, int(PATIENCE * sum(test.seconds for test in stage)))
        status = run_tests(["--abort", "--reporter", "xml", "--input-file", str(names)], log, cpu_seconds,
                           {"TENBIN_MUTANT": str(bug.number)})
        outcome = Outcome(log.read_text(errors="replace"), status)
        if not outcome.passed:
            bug.found_by = outcome.caught_by()
            return
        if len(outcome.names) != len(stage):
            raise Wrong(f"of {len(stage)} tests {len(outcome.names)} were run: see {names}")


def run_bugs(bugs: list):
    start = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count() or 1) as workers, open(LOG / "results.txt", "w") as results:
        for done, bug in enumerate(workers.map(lambda bug: run_bug(bug) or bug, bugs), start=1):
            what = bug.found_by or ("**nothing**" if bug.reached_by else "**nothing**: no test reaches it")
            print(f"{bug.number}\t{bug.name}\t{what}", file=results, flush=True)
            if done % 50 == 0:
                print(f"{done} of {len(bugs)} bugs, {time.monotonic() - start:.0f} s", flush=True)


def listed_survivors() -> dict:
    """The names in cpu_survivors.txt, each with the reason in the indented lines below it."""
    reasons, name = {}, ""
    for line in (HERE / "cpu_survivors.txt").read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line[0].isspace():
            name = line.strip()
            reasons[name] = ""
        else:
            reasons[name] = f"{reasons[name]} {line.strip()}".strip()
    return reasons


def row_of(label: str, bugs: list, reasons: dict) -> str:
    survivors = [bug for bug in bugs if not bug.found_by]
    equivalent = sum(reasons.get(bug.name, "").startswith(UNDETECTABLE) for bug in survivors)
    found = len(bugs) - len(survivors)
    rate = f"{100 * found / (len(bugs) - equivalent):.1f}%" if len(bugs) > equivalent else "-"
    counts = map(str, (len(bugs), found, len(survivors) - equivalent, equivalent))
    return "| " + " | ".join([label, *counts, rate]) + " |"


def report(bugs: list, reasons: dict, complete: bool) -> bool:
    print()
    print("| bugs in | planted | found | survived | equivalent | found of those that can be |")
    print("| --- | --: | --: | --: | --: | --: |")
    for room in ROOMS:
        print(row_of(room, [bug for bug in bugs if bug.room == room], reasons))
    for kind in COUNTS:
        print(row_of(f"*{kind}*", [bug for bug in bugs if bug.site.kind == kind], reasons))
    print(row_of("all", bugs, reasons))
    survivors = [bug for bug in bugs if not bug.found_by]
    unlisted = [bug for bug in survivors if bug.name not in reasons]
    if survivors:
        print("\nsurvivors:")
    for bug in survivors:
        reason = reasons.get(bug.name, "NOT LISTED" if bug.reached_by else "NOT LISTED, and no test reaches it")
        print(f"{bug.name}\n    {reason}")
    for bug in bugs:
        if bug.found_by and bug.name in reasons:
            print(f'listed as a survivor, and found by "{bug.found_by}":\n    {bug.name}')
    if complete:
        for name in sorted(set(reasons) - {bug.name for bug in bugs}):
            print(f"listed as a survivor, and not planted:\n    {name}")
    detectable = [bug for bug in bugs if bug.found_by or not reasons.get(bug.name, "").startswith(UNDETECTABLE)]
    rate = sum(bool(bug.found_by) for bug in detectable) / max(1, len(detectable))
    return not unlisted and rate >= RATE


def run(bugs: list, arguments) -> bool:
    reasons = listed_survivors()
    shutil.rmtree(LOG, ignore_errors=True)
    LOG.mkdir(parents=True)
    start = time.monotonic()
    plant(bugs)
    configure()
    chosen = len(bugs)
    bugs = build(bugs)
    print(f"built in {time.monotonic() - start:.0f} s: {len(bugs)} of {chosen} bugs compile", flush=True)
    bugs = watch(bugs)
    if len(bugs) < LEAST:
        raise Wrong(f"{len(bugs)} bugs are too few: choose more of them in COUNTS")
    count = len(bugs)
    bugs = [bug for bug in bugs if arguments.room in ("", bug.room) and arguments.only in bug.name]
    bugs = sorted(bugs, key=lambda bug: order(arguments.seed, bug.name))[:arguments.sample]
    run_bugs(bugs)
    good = report(bugs, reasons, len(bugs) == count)
    print(f"\n{time.monotonic() - start:.0f} s in all")
    if not arguments.keep:
        shutil.rmtree(TREE)
    return good


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the bugs, and plant none")
    parser.add_argument("--sample", metavar="N", type=int, help="run only N of the bugs")
    parser.add_argument("--room", default="", choices=ROOMS, help="those in this directory")
    parser.add_argument("--only", metavar="SUBSTRING", default="", help="those whose name contains it")
    parser.add_argument("--seed", type=int, default=1, help="another seed chooses other bugs")
    parser.add_argument("--keep", action="store_true", help="keep the copy and its build, for the next run")
    options = parser.parse_args()
    try:
        chosen_bugs = choose(options.seed)
        if options.list:
            print("\n".join(f"{bug.site.kind}: {bug.name}" for bug in chosen_bugs))
            sys.exit(0)
        sys.exit(0 if run(chosen_bugs, options) else 1)
    except Wrong as wrong:
        sys.exit(f"mutants: {wrong}")
