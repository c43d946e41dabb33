#!/usr/bin/env python3
"""gpu-burn on the same GPU as stress.power, beside ours: what it draws, at which clock, and what it says of its products.
ASSAY_GPU_BURN names a built gpu_burn. What cannot be run is said: a line "not run: ...". Exits with 3 where nothing was
run, with 1 where it failed or found something wrong."""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

SECONDS = 30
LIMIT_S = SECONDS + 30
NOTHING_RUN = 3
# Doubles, floats, and floats on the tensor cores: what it can burn with.
WAYS = (["-d"], [], ["-tc"])
QUERY = ["nvidia-smi", "--query-gpu=power.draw.instant,clocks.sm,temperature.gpu", "--format=csv,noheader,nounits", "-i", "0", "-lms", "100"]


def not_run(what, why):
    print(f"not run: {what}: {why}", flush=True)


def settled(lines):
    """Medians of the second half of the samples: watts, MHz, degrees."""
    samples = [[float(field) for field in line.split(",")] for line in lines if re.fullmatch(r"[\d., ]+", line.strip())]
    samples = samples[len(samples) // 2:]
    return [statistics.median(column) for column in zip(*samples)] if samples else None


def burn(program, way):
    print(f"== gpu_burn {' '.join(way) or '(floats)'}", flush=True)
    samples = tempfile.TemporaryFile("w+")
    watch = subprocess.Popen(QUERY, stdout=samples, text=True) if shutil.which(QUERY[0]) else None
    try:
        done = subprocess.run([str(program), *way, str(SECONDS)], cwd=program.parent, capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        done = None
    finally:
        if watch:
            watch.terminate()
            watch.wait()
    if done is None:
        print(f"did not end within {LIMIT_S} s", flush=True)
        return False
    print(re.sub(r"[^\n]*\r", "", done.stdout) + done.stderr, flush=True)
    samples.seek(0)
    medians = settled(samples.read().splitlines()) if watch else None
    if medians:
        print("second half, medians: {:.1f} W, {:.0f} MHz, {:.0f} C".format(*medians), flush=True)
    return done.returncode == 0 and re.search(r"GPU \d+: OK", done.stdout) is not None and "FAULTY" not in done.stdout


def main():
    named = os.environ.get("ASSAY_GPU_BURN", "")
    if not named or not os.access(named, os.X_OK):
        not_run("gpu-burn", f"ASSAY_GPU_BURN names no program: '{named}'")
        return NOTHING_RUN
    results = [burn(pathlib.Path(named).resolve(), way) for way in WAYS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
