"""Compares ONNX files with the predictions of the library, in onnxruntime.

    onnx_check.py MODEL.onnx TABLE.csv EXPECTED.csv     one model
    onnx_check.py DIRECTORY                             NAME.onnx, NAME.table.csv, NAME.expected.csv in it
    onnx_check.py --run PROGRAM                         what PROGRAM writes into a directory

EXPECTED has the columns label, p0, p1, ...: see onnx_models.cpp. Each row of NAME.refused.csv must fail.
--install VENV: onnxruntime, onnx and NumPy from there; it is made, once, if this Python does not have them. Where
that is not possible: one line, and exit status 77. --tolerance: of probabilities, 1e-6.
"""
import argparse
import csv
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PACKAGES = ["onnxruntime", "onnx", "numpy"]
# As default_missing() of the library.
MISSING = {"", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
           "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"}


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def run_or_skip(command, seconds):
    try:
        subprocess.run(command, check=True, timeout=seconds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        skip(f"no onnxruntime: {command[0]} took more than {seconds} seconds")
    except (OSError, subprocess.CalledProcessError) as error:
        output = getattr(error, "stdout", None) or str(error).encode()
        skip("no onnxruntime: " + output.decode(errors="replace").strip().splitlines()[-1])


def continue_in_venv(venv):
    """Runs this program again with a Python that has the packages."""
    if os.environ.get("ONNX_CHECK_IN_VENV"):
        skip(f"no onnxruntime: the packages in {venv} cannot be imported")
    python, ready = venv / "bin" / "python", venv / "ready"
    if not ready.exists():
        if not (venv / "bin" / "pip").exists():
            run_or_skip([sys.executable, "-m", "venv", "--clear", str(venv)], 60)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--timeout", "5", "--retries", "0"]
        run_or_skip(pip + ["install", "--no-compile", "--only-binary", ":all:"] + PACKAGES, 120)
        ready.touch()
    os.environ["ONNX_CHECK_IN_VENV"] = "1"
    os.execv(str(python), [str(python)] + sys.argv)


def part_of_date(text, part):
    """The number that DatePart makes of a date; NaN for a missing or invalid one."""
    try:
        date = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return float("nan")
    if part == "weekday":
        return date.weekday()
    if part == "is_weekend":
        return float(date.weekday() >= 5)
    if part == "day_of_year":
        return date.timetuple().tm_yday
    if part == "timestamp":
        return (date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)).timestamp() // 1
    return getattr(date, part)


def number_of(text):
    return float("nan") if text in MISSING else float(text)


def values_of(name, rows):
    """The texts of a column, or the numbers of a part of a date."""
    if name in rows[0]:
        return [row[name] for row in rows]
    column, part = max((c, name[len(c) + 1:]) for c in rows[0] if name.startswith(c + "_"))
    return [part_of_date(row[column], part) for row in rows]


def inputs_of(session, rows):
    inputs = session.get_inputs()
    if [each.name for each in inputs] == ["x"]:
        dtype = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}[inputs[0].type]
        return {"x": np.array([[float(value) for value in row.values()] for row in rows]).astype(dtype)}
    feeds = {}
    for each in inputs:
        values = values_of(each.name, rows)
        if each.type == "tensor(string)":
            values = np.array(["" if value in MISSING else value for value in values], dtype=object)
        else:
            values = np.array([number_of(value) if isinstance(value, str) else value for value in values], np.float64)
        feeds[each.name] = values.reshape(-1, 1)
    return feeds


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def check(model, table, expected, refused, tolerance):
    """Prints a line about the model; returns whether it is right."""
    onnx.checker.check_model(str(model), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    rows, want = read_csv(table), read_csv(expected)
    feeds = inputs_of(session, rows)
    label, probabilities, decisions = session.run(["label", "probabilities", "decisions"], feeds)
    wanted = np.array([[float(row[f"p{c}"]) for c in range(len(classes))] for row in want])
    assert probabilities.shape == wanted.shape and label.shape == decisions.shape == (len(rows),)
    assert [classes[each] for each in decisions] == label.tolist()
    difference = float(np.abs(probabilities - wanted).max())
    other = int(np.sum(label != np.array([row["label"] for row in want])))
    print(f"{model.stem}: {len(rows)} rows, probabilities differ by {difference:.2g}, {other} decisions differ")

    none = session.run(None, {name: values[:0] for name, values in feeds.items()})
    one = session.run(None, {name: values[:1] for name, values in feeds.items()})
    assert none[0].shape == (0,) and none[1].shape == (0, len(classes))
    assert np.abs(one[1] - wanted[:1]).max() <= tolerance
    accepted = 0
    for row in read_csv(refused) if refused.exists() else []:
        try:
            session.run(None, inputs_of(session, [row]))
        except Exception as error:  # of a type of onnxruntime's own
            assert "out of data bounds" in str(error), error
            continue
        accepted += 1
        print(f"{model.stem}: is not refused: {row}")
    return difference <= tolerance and other == 0 and accepted == 0


def check_directory(directory, tolerance):
    models = sorted(directory.glob("*.onnx"))
    assert models, f"no models in {directory}"
    right = [check(model, *[model.with_suffix(suffix) for suffix in (".table.csv", ".expected.csv", ".refused.csv")],
                   tolerance) for model in models]
    print(f"{sum(right)} of {len(right)} models are right; onnxruntime {onnxruntime.__version__}")
    return all(right)


parser = argparse.ArgumentParser()
parser.add_argument("--install", type=pathlib.Path)
parser.add_argument("--run")
parser.add_argument("--tolerance", type=float, default=1e-6)
parser.add_argument("paths", nargs="*", type=pathlib.Path)
arguments = parser.parse_args()
try:
    import numpy as np
    import onnx
    import onnxruntime
except ImportError as error:
    if not arguments.install:
        skip(f"no onnxruntime: {error}")
    continue_in_venv(arguments.install)

if arguments.run:
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([arguments.run, directory], check=True)
        ok = check_directory(pathlib.Path(directory), arguments.tolerance)
elif len(arguments.paths) == 1:
    ok = check_directory(arguments.paths[0], arguments.tolerance)
else:
    ok = check(*arguments.paths, arguments.paths[2].with_suffix(".refused.csv"), arguments.tolerance)
sys.exit(0 if ok else 1)
