"""The machine and software that the results were measured on."""
import datetime
import os
import platform
import subprocess

import participants

ROOT = os.path.dirname(participants.HERE)


def output_of(*argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    except FileNotFoundError:
        return ""


def machine():
    with open("/proc/cpuinfo") as cpuinfo:
        lines = [line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith(("model name", "flags"))]
    vectors = "AVX-512" if " avx512f" in lines[1] else "AVX2" if " avx2" in lines[1] else "SSE"
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": f"{lines[0]}, {len(participants.ALL_PROCESSORS)} processors, {vectors}",
        "system": f"{platform.system()} {platform.release()}, {output_of('c++', '--version').splitlines()[0]}",
        "commit": output_of("git", "describe", "--always", "--dirty"),
        "packages": output_of("dpkg-query", "--show", "libopenblas0", "libdnnl2").replace("\t", " ").replace("\n", ", "),
    }


def peer_versions(python, packages=("torch", "imbalanced-learn", "scikit-learn", "pandas")):
    """The versions of packages in an environment. It ends the program if one is missing."""
    code = "import importlib.metadata, sys; print(*(p + ' ' + importlib.metadata.version(p) for p in sys.argv[1:]), sep=', ')"
    found = subprocess.run([python, "-c", code, *packages], capture_output=True, text=True)
    if found.returncode != 0:
        raise SystemExit(f"bench: {python} lacks a package: {found.stderr.strip().splitlines()[-1]}")
    return found.stdout.strip()
