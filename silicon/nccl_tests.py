#!/usr/bin/env python3
"""NVIDIA's nccl-tests on the same collectives as collective.correctness, beside ours. ASSAY_NCCL_TESTS names a built
all_reduce_perf; its siblings are looked for in the same folder. What cannot be run is said: a line "not run: ...".
Exits with 3 where nothing was run, with 1 where a program failed or found something wrong.

Several ranks share the GPU where it was built with MPI and mpirun is there: each process a node of its own to NCCL
(NCCL_HOSTID), over sockets. Otherwise one rank, which copies."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

PROGRAMS = ("all_reduce", "reduce", "reduce_scatter", "all_gather", "broadcast", "alltoall", "gather", "scatter", "sendrecv")
SIZES = ["-b", "4", "-e", "16M", "-f", "64"]
ONCE = ["-c", "1", "-n", "1", "-w", "0", "-d", "all", "-o", "all"]
# As the collectives' workers have it (suites/collective/legal.cpp); the GPU is the only one there is.
ENVIRONMENT = {"NCCL_CONF_FILE": "/dev/null", "NCCL_NET": "Socket", "NCCL_IB_DISABLE": "1", "NCCL_SOCKET_IFNAME": "lo",
               "NCCL_TESTS_DEVICE": "0"}
NOTHING_RUN = 3
LIMIT_S = 40


def not_run(what, why):
    print(f"not run: {what}: {why}", flush=True)


def has_mpi(program):
    libraries = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
    return "libmpi" in libraries and shutil.which("mpirun") is not None


def command_of(program, ranks):
    tests = [str(program), "-g", "1", *SIZES, *ONCE]
    if ranks == 1:
        return tests
    own_host = 'export NCCL_HOSTID="assay-$OMPI_COMM_WORLD_RANK$PMI_RANK"; exec "$@"'
    return ["mpirun", "--allow-run-as-root", "--oversubscribe", "-np", str(ranks), "sh", "-c", own_host, "sh", *tests]


def run(program, ranks):
    print(f"== {program.name}, {ranks} ranks", flush=True)
    try:
        done = subprocess.run(command_of(program, ranks), env={**os.environ, **ENVIRONMENT}, capture_output=True,
                              text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        print(f"did not end within {LIMIT_S} s", flush=True)
        return False
    print(done.stdout + done.stderr, flush=True)
    wrong = re.search(r"Out of bounds values : (\d+)", done.stdout)
    return done.returncode == 0 and wrong is not None and wrong.group(1) == "0"


def main():
    named = os.environ.get("ASSAY_NCCL_TESTS", "")
    if not named or not os.access(named, os.X_OK):
        not_run("nccl-tests", f"ASSAY_NCCL_TESTS names no program: '{named}'")
        return NOTHING_RUN
    folder, ran, failed = pathlib.Path(named).resolve().parent, 0, 0
    for name in PROGRAMS:
        program = folder / f"{name}_perf"
        if not os.access(program, os.X_OK):
            not_run(program.name, f"not in {folder}")
            continue
        shared = has_mpi(program)
        if not shared:
            not_run(f"{program.name} with several ranks on the GPU", "built without MPI, or no mpirun")
        for ranks in (2, 4) if shared else (1,):
            ran += 1
            failed += 0 if run(program, ranks) else 1
    print(f"{ran} runs, {failed} failed", flush=True)
    return NOTHING_RUN if ran == 0 else 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
