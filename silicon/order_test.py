#!/usr/bin/env python3
"""What order.py makes of parts and evidence, and that the shipped list is one it can read."""
import pathlib
import re
import tempfile
import unittest

import order

HERE = pathlib.Path(__file__).resolve().parent


class OrderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in "abcd":
            (self.root / name).write_text(name)

    def mark(self, *patterns):
        return order.fingerprint(self.root, patterns, "part")

    def names(self, parts, shown):
        return [row[0] for row in order.order(parts, self.root, shown)]

    def test_never_shown_then_changed_then_the_oldest(self):
        parts = [("newer", 1, "x", ["a"]), ("older", 1, "x", ["b"]), ("changed", 1, "x", ["c"]),
                 ("never", 1, "x", ["d"]), ("machine", 1, "x", [])]
        shown = {"newer": ("2026-11-02", {self.mark("a")}), "older": ("2026-11-01", {self.mark("b")}),
                 "changed": ("2026-11-03", {self.mark("c")}), "machine": ("2026-11-03", {"-"})}
        (self.root / "c").write_text("another")
        self.assertEqual(self.names(parts, shown), ["machine", "never", "changed", "older", "newer"])

    def test_of_a_kind_they_stay_as_listed(self):
        parts = [(name, 1, "x", [name]) for name in "dbca"]
        self.assertEqual(self.names(parts, {}), list("dbca"))

    def test_tests_beside_the_sources_are_none(self):
        before = self.mark("*")
        (self.root / "a_test.cpp").write_text("a")
        self.assertEqual(self.mark("*"), before)
        (self.root / "a_device_test.cpp").write_text("a")
        self.assertNotEqual(self.mark("*"), before)

    def test_a_file_that_is_gone_or_renamed_is_noticed(self):
        before = self.mark("[ab]")
        (self.root / "b").rename(self.root / "bb")
        self.assertNotEqual(self.mark("[ab]*"), before)
        with self.assertRaises(SystemExit):
            self.mark("b")

    def test_the_last_time_that_it_ended_well_counts(self):
        for folder, lines in (("one", "part\t0\t2.0\t2026-11-01\tmark1\n"),
                              ("two", "part\t124\t9.0\t2026-11-03\tmark3\nother\tleft out\t-\t-\t-\n"),
                              ("three", "part\t0\t2.0\t2026-11-02\tmark2\n"), ("four", "part\t0\t2.0\t2026-11-02\tmark4\n")):
            (self.root / folder).mkdir()
            (self.root / folder / "parts.tsv").write_text(lines)
        self.assertEqual(order.last_shown(self.root), {"part": ("2026-11-02", {"mark2", "mark4"})})


class ShippedPartsTest(unittest.TestCase):
    def test_every_source_and_every_part_of_the_probe_exists(self):
        parts = list(order.read_parts(HERE / "parts"))
        rows = order.order(parts, HERE.parent, order.last_shown(HERE.parent / "reports/evidence"))
        self.assertEqual(sorted(row[0] for row in rows), sorted({name for name, *_ in parts}))
        known = re.findall(r'^ +\{"(\w+)", \w+\},', (HERE / "probe/main.cpp").read_text(), re.M)
        asked = {match for _, _, command, _ in parts for match in re.findall(r"bin/silicon_probe (\w+)", command)}
        self.assertEqual(asked - set(known), set())
        self.assertEqual(set(known) - asked, {"hold", "hang", "kernel_error"}, "asked by functions of take_evidence")


if __name__ == "__main__":
    unittest.main()
