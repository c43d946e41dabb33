#!/usr/bin/env python3
"""What gpu_burn.py runs, and says: with programs that stand in for gpu-burn and nvidia-smi."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class GpuBurnTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def program(self, name, script):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def run_with(self, named):
        environment = {**os.environ, "ASSAY_GPU_BURN": str(named), "PATH": f"{self.folder}:{os.environ['PATH']}"}
        return subprocess.run([sys.executable, str(HERE / "gpu_burn.py")], env=environment, capture_output=True, text=True,
                              check=False)

    def test_says_that_nothing_is_there(self):
        for named in ("", self.folder / "gpu_burn"):
            done = self.run_with(named)
            self.assertEqual(done.returncode, 3)
            self.assertTrue(done.stdout.startswith("not run: gpu-burn: "), done.stdout)

    def test_tells_what_it_drew_in_the_second_half(self):
        self.program("nvidia-smi", "printf '120.0, 345, 30\\n120.0, 345, 30\\n690.5, 1500, 61\\n700.5, 1520, 63\\n'; exec sleep 60")
        done = self.run_with(self.program("gpu_burn", "sleep 0.3; echo 'args' \"$@\"; echo 'GPU 0: OK'"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("second half, medians: 695.5 W, 1510 MHz, 62 C", done.stdout)
        for way in ("args -d 30", "args 30", "args -tc 30"):
            self.assertIn(way, done.stdout)

    def test_what_is_faulty_or_says_nothing_fails(self):
        for script in ("echo 'GPU 0: FAULTY'", "true", "echo 'GPU 0: OK'; exit 2"):
            self.assertEqual(self.run_with(self.program("gpu_burn", script)).returncode, 1, script)


if __name__ == "__main__":
    unittest.main()
