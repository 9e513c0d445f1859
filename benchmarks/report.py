"""The results as tables: the times of all participants, and which targets are met."""
import pathlib
from statistics import median

# The participants in the order of the columns.
HEADINGS = {"floor": "floor", "tenbin": "Tenbin", "eager": "PyTorch eager", "compile": "torch.compile", "jax": "JAX jit",
            "libtorch": "libtorch", "chainer": "Chainer", "sklearn": "scikit-learn"}

# The targets per workload: the largest ratio to the floor, the factors by which others are slower, the most seconds,
# and the largest ratio of the time with 2 threads to that with 1, if it is below that of every workload.
TARGETS = {
    "step/30-64-64-2/32": {"floor": 1.35, "slower": {"eager": 20, "compile": 1, "jax": 1}},
    "step/30-64-64-2/256": {"floor": 1.15, "slower": {"eager": 6, "compile": 1, "jax": 1}},
    "step/30-64-64-2/4096": {"floor": 1.15, "slower": {"eager": 2, "compile": 1, "jax": 1}},
    "step/784-1000-1000-10/100": {"floor": 1.05, "slower": {"eager": 1.3, "compile": 1, "jax": 1}, "threads": 0.6},
    "step/784-1000-1000-10/4096": {"floor": 1.03, "slower": {"eager": 1.02, "compile": 1, "jax": 1}, "threads": 0.6},
    "loss/4096x1": {"slower": {"eager": 5, "compile": 2, "jax": 2}},
    "loss/65536x1": {"slower": {"eager": 2, "compile": 2, "jax": 2}},
    "loss/4096x2": {"floor": 6, "slower": {"eager": 15, "compile": 2, "jax": 2, "chainer": 4}},
    "loss/65536x10": {"floor": 2, "slower": {"eager": 6, "compile": 2, "jax": 2, "chainer": 4}, "threads": 0.6},
    "loss/65536x100": {"floor": 1.4, "slower": {"eager": 5, "compile": 2, "jax": 2, "chainer": 4}, "threads": 0.6},
    "loss/8192x1000": {"floor": 1.2, "slower": {"eager": 4.5, "compile": 2, "jax": 2, "chainer": 4}, "threads": 0.6},
    "graph/forward": {"seconds": 250e-9},
    "graph/backward": {"seconds": 150e-9},
    "epoch/fashion-mnist-lt": {"slower": {"eager": 2}},
}
TWO_THREADS = 1.02  # of any workload: they are never slower; the rest is noise


def unit(seconds):
    for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {name}"
    return f"{seconds * 1e9:.3g} ns"


def markdown(header, rows):
    table = [header] + rows
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    line = lambda row: "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
    return "\n".join([line(header), "|" + "|".join("-" * (width + 2) for width in widths) + "|"] + [line(r) for r in rows])


def verdict(workload, what, measured, target, met, text="{:.2f}"):
    """{workload, what, measured, target, met}; `met` is None if a number is missing."""
    return {"workload": workload, "what": what, "target": target,
            "measured": None if measured is None else text.format(measured),
            "met": None if measured is None else bool(met(measured))}


class Results:
    """Samples by (workload, setting, participant), in seconds, and notes on what is missing. The setting is the
    number of threads; on a GPU, the precision."""

    def __init__(self, headings=HEADINGS):
        self.headings, self.samples, self.notes = headings, {}, {}

    def add(self, workload, setting, who, seconds):
        self.samples.setdefault((workload, setting, who), []).append(seconds)

    def note(self, workload, setting, who, text):
        self.notes[workload, setting, who] = text

    def rounds(self, workload, setting, who):
        """The samples of a participant, one per round."""
        if who == "floor" and workload.startswith("loss/"):  # the higher of the two bounds
            return [max(pair) for pair in zip(*(self.rounds(workload, setting, bound) for bound in ("copy", "exp")))]
        return self.samples.get((workload, setting, who), [])

    def get(self, workload, setting, who, of=median):
        """The median, or the minimum, over the rounds; None if there is none."""
        samples = self.rounds(workload, setting, who)
        return of(samples) if samples else None

    def ratio(self, workload, setting, who, to):
        """The median of the ratios within each round: both were measured within seconds, so a slow machine affects both."""
        ratios = [a / b for a, b in zip(self.rounds(workload, setting, who), self.rounds(workload, setting, to))]
        return median(ratios) if ratios else None

    def times(self, setting, of=median):
        workloads = list(dict.fromkeys(w for w, t, _ in self.samples if t == setting))
        columns = [c for c in self.headings if any(self.get(w, setting, c) for w in workloads)]
        rows = []
        for workload in workloads:
            cells = [self.get(workload, setting, column, of) for column in columns]
            rows.append([workload] + ["-" if cell is None else unit(cell) for cell in cells])
        return markdown(["workload"] + [self.headings[c] for c in columns], rows)

    def bounds(self, threads):
        """For the loss alone: the two lower bounds that its floor is made of."""
        workloads = list(dict.fromkeys(w for w, t, who in self.samples if t == threads and who == "copy"))
        return markdown(["workload", "copy of the bytes moved", "one exp a score"],
                        [[w] + [unit(self.get(w, threads, who)) for who in ("copy", "exp")] for w in workloads])

    def missing(self):
        """One line for every participant and reason why it could not do a workload."""
        lines = {}
        for (workload, _, who), text in self.notes.items():
            lines.setdefault((who, text), {})[workload] = True
        return "".join(f"\n{self.headings[who]} has no {', '.join(workloads)}: {text}"
                       for (who, text), workloads in lines.items())

    def targets(self, first_step):
        """The verdicts, in the order of TARGETS."""
        verdicts = []
        judge = lambda *arguments: verdicts.append(verdict(*arguments))

        for workload, target in TARGETS.items():
            tenbin = self.get(workload, 1, "tenbin")
            if "floor" in target:
                judge(workload, "Tenbin / floor", self.ratio(workload, 1, "tenbin", "floor"),
                      f"<= {target['floor']}", lambda x: x <= target["floor"])
            for who, factor in target.get("slower", {}).items():
                judge(workload, f"{HEADINGS[who]} / Tenbin", self.ratio(workload, 1, who, "tenbin"), f">= {factor}",
                      lambda x: x >= factor)
            if "seconds" in target:
                judge(workload, "ns a node", tenbin and tenbin * 1e9, f"<= {target['seconds'] * 1e9:.0f}",
                      lambda x: x <= target["seconds"] * 1e9, "{:.0f}")
        for workload in dict.fromkeys(w for w, t, _ in self.samples if t == 2):
            limit = TARGETS.get(workload, {}).get("threads", TWO_THREADS)
            judge(workload, "2 threads / 1 thread", self.ratio(workload, 2, "tenbin", "tenbin1"), f"<= {limit}",
                  lambda x: x <= limit)
        ours, theirs = first_step.get("tenbin"), first_step.get("eager")
        judge("first step", "ms from the start of the process", ours and ours[0] * 1e3, "<= 30", lambda x: x <= 30, "{:.1f}")
        judge("first step", "PyTorch's peak memory / Tenbin's", ours and theirs and theirs[1] / ours[1], ">= 5",
              lambda x: x >= 5, "{:.1f}")
        return verdicts


def targets_table(verdicts):
    words = {True: "met", False: "NOT MET", None: "not measured"}
    return markdown(["workload", "what", "measured", "target", ""],
                    [[v["workload"], v["what"], v["measured"] or "-", v["target"], words[v["met"]]] for v in verdicts])


def replace_section(program, text):
    """Replaces the tables of a program in RESULTS.md, which are between two comments."""
    path = pathlib.Path(__file__).parent / "RESULTS.md"
    begin, end = f"<!-- {program} --write -->", "<!-- end of the tables -->"
    before, _, rest = path.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"bench: {path} has no {begin} followed by {end}")
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
