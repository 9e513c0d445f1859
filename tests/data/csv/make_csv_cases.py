"""Writes csv_cases.npz: random CSV files and what pandas reads from them. See README.md."""

import io
import pathlib
import random
import struct
import warnings

import numpy as np
import pandas as pd

CASES = 240
MISSING = ["", "?", "N/A", "NA", "NULL", "NaN", "nan", "null"]
WORDS = ["red", "green", "blue", "a b", " padded ", "O'Neil", "naïve", "日本", "x" * 60, "12a", "1.2.3", "--1",
         "1e", "0x10", "1_000", "-", "None", "e5", "5e5e5", "yes", "1 2"]
NASTY = ['say ""hi""', "line\nbreak", "cr\r\nlf", "a{d}b", '{d}', '""', "\n\n", ' "" ']
# Where tenbin is stricter than pandas, on purpose: see the docstring of load_csv.
STRICTER = ["short record", "text behind a quote", "carriage return", "NUL"]
BAD = ["long record", "open quote", "empty file"] + STRICTER


def number(rng, kind):
    if kind == "int":
        return str(rng.randint(-1000, 1000))
    if kind == "id":
        return str(rng.randint(-(2**63), 2**63 - 1))
    if kind == "repr":
        return repr(rng.gauss(0, 1) * 10 ** rng.randint(-30, 30))
    if kind == "decimal":
        return f"{rng.gauss(0, 100):.{rng.randint(0, 9)}f}"
    return rng.choice([
        lambda: f"{rng.gauss(0, 1):+.6e}",
        lambda: str(rng.randint(2**53, 2**64)) + ".5",
        lambda: "0." + "".join(rng.choice("0123456789") for _ in range(rng.randint(17, 400))),
        lambda: "".join(rng.choice("0123456789") for _ in range(rng.randint(20, 300))) + ".0",
        lambda: f"{rng.randint(1, 9)}e-{rng.randint(300, 340)}",
        lambda: f"{rng.randint(1, 9)}.5e{rng.randint(300, 307)}",
        lambda: str(2**53 + rng.randint(0, 9)) + rng.choice([".0", ".5", "e0", "e3", "e-20"]),
        lambda: rng.choice(["inf", "-inf", "Infinity", ".5", "5.", "-.5", "00012.5", "-0", "0.0", "1E5", "+7.25", "1e0005"]),
        lambda: " " + repr(rng.random()) + "  ",
    ])()


def make(rng, index):
    delimiter = rng.choice([",", ",", ",", ";", "\t", "|"])
    newline = rng.choice(["\n", "\n", "\r\n"])
    header = rng.random() < 0.8
    bad = rng.choice(BAD) if rng.random() < 0.25 else None
    rows, columns = rng.choice([1, 2, 5, 20, 60]), rng.randint(2 if bad else 1, 6)
    kinds = [rng.choice(["int", "id", "repr", "decimal", "hard", "text", "nasty", "late", "missing"])
             for _ in range(columns)]

    def quoted(text, always=False):
        needs = any(c in text for c in (delimiter, '"', "\n", "\r")) or always or rng.random() < 0.1
        return '"' + text + '"' if needs else text

    def field(kind, row):
        if kind == "missing" or rng.random() < 0.1:
            token = rng.choice(MISSING)
            return quoted(token, always=token == "" and columns == 1)
        if kind == "text" or (kind == "late" and row >= rows - 2):
            return quoted(rng.choice(WORDS))
        if kind == "nasty":
            return quoted(rng.choice(NASTY + WORDS).replace("{d}", delimiter))
        return quoted(number(rng, "int" if kind == "late" else kind))

    names = [rng.choice(["a", "b", "x", "long name", "Größe", 'q""uote', "", "x.1"]) + rng.choice(["", str(i)])
             for i in range(columns)]
    records = [[quoted(name, always=name == "" and columns == 1) for name in names]] if header else []
    records += [[field(kind, row) for kind in kinds] for row in range(rows)]
    victim = len(records) - 1 if len(records) > 1 else 0
    if bad == "long record":
        if victim < 2:  # pandas would take the first column as index
            bad = None
        else:
            records[victim] += ["1", "2"]
    elif bad == "short record":
        if victim == 0:
            bad = None
        else:
            records[victim] = ["1"]
    elif bad == "text behind a quote":
        records[victim][0] = '"a"b'
    elif bad == "open quote":
        records[victim][-1] = '"never closed'
    elif bad == "carriage return":
        records[victim][0] = "a\rb"
    elif bad == "NUL":
        records[victim][0] = "a\0b"
    lines = []
    for record in records:
        if rng.random() < 0.05:
            lines.append("")
        lines.append(delimiter.join(record))
    text = newline.join(lines) + (newline if rng.random() < 0.8 else "")
    if bad == "empty file":
        text = ""
    content = (b"\xef\xbb\xbf" if text and rng.random() < 0.15 else b"") + text.encode()
    return content, delimiter, header, bad


def hexed(text):
    return text.encode().hex() or "-"


def describe(content, delimiter, header):
    def read(**more):
        # index_col=False would hide records that are too long.
        return pd.read_csv(io.BytesIO(content), sep=delimiter, header=0 if header else None, na_values=MISSING,
                           keep_default_na=False, low_memory=False, **more)

    inferred, texts = read(), read(dtype=str)
    assert isinstance(inferred.index, pd.RangeIndex), "pandas took the first column for an index"
    lines = []
    for place, name in enumerate(inferred.columns):
        column = inferred.iloc[:, place]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            values = ["nan" if np.isnan(v) else struct.pack(">d", v).hex() for v in column.astype("float64")]
            lines.append(" ".join(["numeric", hexed(str(name))] + values))
            continue
        values = [None if pd.isna(v) else v for v in texts.iloc[:, place]]
        lines.append(" ".join(["text", hexed(str(name))] + ["nan" if v is None else hexed(v) for v in values]))
    return lines


def main():
    warnings.simplefilter("error")
    rng = random.Random(5)
    arrays, errors = {}, 0
    for index in range(CASES):
        content, delimiter, header, bad = make(rng, index)
        lines = [f"{hexed(delimiter)} {int(header)}"]
        try:
            lines += describe(content, delimiter, header)
            assert bad is None or bad in STRICTER, f"{index}: pandas reads a file with: {bad}"
        except (pd.errors.ParserError, pd.errors.EmptyDataError):
            assert bad is not None, f"{index}: pandas refuses a good file"
        if bad is not None:
            lines[1:] = ["error"]
            errors += 1
        arrays[f"{index:03}.csv"] = np.frombuffer(content, np.uint8)
        arrays[f"{index:03}.txt"] = np.frombuffer("\n".join(lines).encode(), np.uint8)
    path = pathlib.Path(__file__).with_name("csv_cases.npz")
    np.savez_compressed(path, **arrays)
    print(f"{path.name}: {CASES} files, {errors} of them bad; pandas {pd.__version__}, NumPy {np.__version__}")


main()
