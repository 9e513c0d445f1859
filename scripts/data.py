"""Writes one data set of scripts/data.sh: data.py SET SOURCE_DIRECTORY OUTPUT_DIRECTORY."""

import os
import pathlib
import sys

COIL_NOTICE = """\
data: coil2000 is owned and supplied by the Dutch data mining company Sentient Machine Research and based on real
data: world business data. You may use it for non-commercial research and education only, not for commercial
data: demonstrations. Cite: P. van der Putten and M. van Someren (eds), CoIL Challenge 2000: The Insurance Company
data: Case, Sentient Machine Research, Amsterdam, 2000."""

# Rows of every class, in every file: a package whose data have changed must be detected.
LETTERS_TRAIN = [633, 630, 594, 638, 616, 622, 609, 583, 590, 599, 593, 604, 648, 617, 614, 635, 615, 597, 587, 645,
                 645, 628, 613, 628, 641, 576]
LETTERS_TEST = [156, 136, 142, 167, 152, 153, 164, 151, 165, 148, 146, 157, 144, 166, 139, 168, 168, 161, 161, 151,
                168, 136, 139, 159, 145, 158]
EXPECTED = {
    "shuttle-train.csv": {"Rad.Flow": 34108, "Fpv.Close": 37, "Fpv.Open": 132, "High": 6748, "Bypass": 2458,
                          "Bpv.Close": 6, "Bpv.Open": 11},
    "shuttle-test.csv": {"Rad.Flow": 11478, "Fpv.Close": 13, "Fpv.Open": 39, "High": 2155, "Bypass": 809,
                         "Bpv.Close": 4, "Bpv.Open": 2},
    "letter-train.csv": {chr(65 + i): count for i, count in enumerate(LETTERS_TRAIN)},
    "letter-test.csv": {chr(65 + i): count for i, count in enumerate(LETTERS_TEST)},
    "satimage.csv": {"red soil": 1533, "cotton crop": 703, "grey soil": 1358, "damp grey soil": 626,
                     "vegetation stubble": 707, "very damp grey soil": 1508},
    "coil2000-train.csv": {"noinsurance": 5474, "insurance": 348},
    "coil2000-test.csv": {"noinsurance": 3762, "insurance": 238},
    "reuters-corn-train.arff": {"0": 1509, "1": 45},
    "reuters-corn-test.arff": {"0": 580, "1": 24},
    "reuters-grain-train.arff": {"0": 1451, "1": 103},
    "reuters-grain-test.arff": {"0": 547, "1": 57},
}


def check(name, counts):
    counts = {str(key): int(value) for key, value in counts.items()}
    if counts != EXPECTED[name]:
        sys.exit(f"data: {name}: expected the classes {EXPECTED[name]}, got {counts}")


def write(directory, name, text):
    """Writes the file atomically, so that an interrupted run leaves no partial file."""
    temporary = directory / (name + ".tmp")
    temporary.write_bytes(text)
    os.replace(temporary, directory / name)
    print(f"data: wrote data/{name}: {sum(EXPECTED[name].values())} rows, {len(EXPECTED[name])} classes")


def read_frame(path, key):
    import warnings

    import rdata

    warnings.simplefilter("ignore")  # about unused R classes
    return rdata.conversion.convert(rdata.parser.parse_file(path))[key]


def write_frames(output, frame, label, parts):
    """Whole numbers lose their ".0"; `parts` are names and ranges of rows."""
    for column in frame.columns:
        if frame[column].dtype == "float64" and (frame[column] % 1 == 0).all():
            frame[column] = frame[column].astype(int)
    for name, rows in parts:
        part = frame.iloc[rows]
        check(name, part[label].value_counts())
        write(output, name, part.to_csv(index=False, lineterminator="\n").encode())


def train_and_test(name, rows):
    return [(f"{name}-train.csv", slice(None, rows)), (f"{name}-test.csv", slice(rows, None))]


def shuttle(source, output):
    write_frames(output, read_frame(source / "Shuttle.rda", "Shuttle"), "Class", train_and_test("shuttle", 43500))


def letter(source, output):
    frame = read_frame(source / "LetterRecognition.rda", "LetterRecognition")
    write_frames(output, frame, "lettr", train_and_test("letter", 16000))


def satimage(source, output):
    frame = read_frame(source / "Satellite.rda", "Satellite")
    write_frames(output, frame, "classes", [("satimage.csv", slice(None))])


def coil2000(source, output):
    print(COIL_NOTICE)
    frame = read_frame(source / "ticdata.rda", "ticdata")
    for column in frame.columns:
        # Ranges of ages, shares and amounts are ordered: their index is more useful than their text.
        if frame[column].dtype == "category" and column not in ("STYPE", "MOSHOOFD", "CARAVAN"):
            frame[column] = frame[column].cat.codes
    write_frames(output, frame, "CARAVAN", train_and_test("coil2000", 5822))


def reuters(source, output):
    for topic in ("corn", "grain"):
        for part in ("train", "test"):
            name = f"reuters-{topic}-{part}.arff"
            text = (source / f"Reuters{topic.title()}-{part}.arff").read_bytes()
            rows = [line for line in text.split(b"@data", 1)[1].splitlines() if line.strip()]
            check(name, {key: sum(row.endswith(b"," + key.encode()) for row in rows) for key in ("0", "1")})
            write(output, name, text)


if __name__ == "__main__":
    {f.__name__: f for f in (shuttle, letter, satimage, coil2000, reuters)}[sys.argv[1]](
        pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
