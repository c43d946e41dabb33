#!/usr/bin/env python3
"""What nccl_tests.py runs, and says of what it does not: with programs that stand in for NVIDIA's."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
RIGHT = "echo '# Out of bounds values : 0 OK'"


class NcclTestsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def program(self, name, script):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def run_with(self, named, path=None):
        environment = {**os.environ, "ASSAY_NCCL_TESTS": str(named)}
        if path:
            environment["PATH"] = f"{path}:{environment['PATH']}"
        return subprocess.run([sys.executable, str(HERE / "nccl_tests.py")], env=environment, capture_output=True, text=True,
                              check=False)

    def test_says_that_nothing_is_there(self):
        for named in ("", self.folder / "all_reduce_perf"):
            done = self.run_with(named)
            self.assertEqual(done.returncode, 3)
            self.assertTrue(done.stdout.startswith("not run: nccl-tests: "), done.stdout)

    def test_runs_what_is_there_and_names_the_rest(self):
        done = self.run_with(self.program("all_reduce_perf", RIGHT))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("== all_reduce_perf, 1 ranks", done.stdout)
        self.assertIn("not run: all_reduce_perf with several ranks on the GPU: ", done.stdout)
        self.assertIn("not run: scatter_perf: ", done.stdout)

    def test_what_is_wrong_or_says_nothing_fails(self):
        for script in ("echo '# Out of bounds values : 1 FAILED'", "true", f"{RIGHT}; exit 3"):
            self.assertEqual(self.run_with(self.program("all_reduce_perf", script)).returncode, 1, script)

    def test_each_rank_is_a_host_of_its_own(self):
        self.program("ldd", "echo libmpi.so.40")
        self.program("mpirun", """while [ "$1" != sh ]; do [ "$1" = -np ] && ranks="$2"; shift; done
i=0; while [ $i -lt $ranks ]; do OMPI_COMM_WORLD_RANK=$i "$@"; i=$((i + 1)); done""")
        done = self.run_with(self.program("all_reduce_perf", f'echo "host $NCCL_HOSTID device $NCCL_TESTS_DEVICE"; {RIGHT}'),
                             self.folder)
        self.assertEqual(done.returncode, 0, done.stdout)
        for rank in range(4):
            self.assertIn(f"host assay-{rank} device 0", done.stdout)
        self.assertIn("== all_reduce_perf, 2 ranks", done.stdout)


if __name__ == "__main__":
    unittest.main()
