"""NumPy writes a file, npz_copy (the first argument) reads it and writes another, NumPy reads that one."""
import io
import pathlib
import subprocess
import sys
import tempfile
import zipfile

try:
    import numpy as np
except ImportError:
    print("skipped: this Python has no NumPy")
    sys.exit(77)


class Pipe(io.RawIOBase):
    """A sink that cannot seek: zipfile then writes data descriptors."""

    def __init__(self):
        self.bytes = b""

    def writable(self):
        return True

    def write(self, part):
        self.bytes += bytes(part)
        return len(part)


def check(copy, source, compression, expected):
    target = source.with_name("copy.npz")
    subprocess.run([copy, source, target] + ([] if compression else ["stored"]), check=True)
    assert zipfile.ZipFile(target).testzip() is None
    with np.load(target) as archive:  # allow_pickle is off
        assert sorted(archive.files) == sorted(expected), archive.files
        for key, value in expected.items():
            got = archive[key]
            assert got.dtype == value.dtype and got.shape == value.shape, (key, got.dtype, got.shape)
            np.testing.assert_array_equal(got, value)
            assert got.flags.c_contiguous


rng = np.random.default_rng(1)
arrays = {
    "l1/W": rng.standard_normal((16, 8)).astype(np.float32),
    "float64": np.array([[0.1, -0.0], [np.inf, np.nan]]),
    "int32": np.array([-2**31, 2**31 - 1], np.int32),
    "int64": np.array(-2**63, np.int64),
    "uint8": np.arange(256, dtype=np.uint8),
    "empty": np.zeros((0, 3), np.float32),
    "scalar": np.float32(1.5) * np.ones(()),
    "large": np.zeros((3000, 2000)),
    "fortran": np.asfortranarray(rng.standard_normal((2, 3, 4, 5))),
    "transposed": rng.standard_normal((7, 3)).astype(np.float32).T,
    "bool": np.array([True, False]),
    "int8": np.array([-128, 127], np.int8),
    "äöü": np.arange(3),
}
expected = {key: np.asarray(value) for key, value in arrays.items()}
expected["scalar"] = expected["scalar"].astype(np.asarray(arrays["scalar"]).dtype)
expected["bool"] = expected["bool"].astype(np.uint8)
expected["int8"] = expected["int8"].astype(np.int32)
with tempfile.TemporaryDirectory() as directory:
    source = pathlib.Path(directory) / "source.npz"
    for save in (np.savez, np.savez_compressed):
        for compression in (True, False):
            save(source, **arrays)
            check(sys.argv[1], source, compression, expected)
    pipe = Pipe()
    np.savez_compressed(pipe, **arrays)
    source.write_bytes(pipe.bytes)
    check(sys.argv[1], source, True, expected)
print("NumPy", np.__version__, "reads what npz_copy wrote:", len(expected), "arrays")
