#!/usr/bin/env python3
"""order.py PARTS EVIDENCE: the parts in the order in which they are to be taken, for take_evidence.

EVIDENCE holds folders with a parts.tsv each, as take_evidence writes it and whoever keeps the evidence leaves it there: name, how it
ended, seconds, date, fingerprint of its sources. A part counts as shown where it ended well. One line a part on standard output:
name, limit, command, fingerprint, why it stands there; tabs between them.
"""
import hashlib
import pathlib
import re
import sys

# What a part runs is not in them. Tests that are a part themselves are called *_device_test.cpp.
BESIDE = re.compile(r"(?<!_device)_(test|bench)\.cpp$")
ALWAYS, NEVER, CHANGED, SHOWN = range(4)
WHY = ("names the machine", "never shown", "changed since it was shown", "shown")


def fingerprint(root, patterns, name):
    digest = hashlib.sha256()
    for pattern in patterns:
        files = sorted(path for path in root.glob(pattern) if path.is_file() and not BESIDE.search(path.name))
        if not files:
            sys.exit(f"order.py: {name}: no file is called {pattern}")
        for path in files:
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12] if patterns else "-"


def read_parts(path):
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, limit, command, sources = (column.strip() for column in line.split("|"))
            yield name, int(limit), command, sources.split()


def last_shown(evidence):
    """By part: the last date, and the fingerprints of that day."""
    shown = {}
    for table in evidence.glob("*/parts.tsv"):
        for line in table.read_text().splitlines():
            name, status, _, date, mark = line.split("\t")
            last, marks = shown.get(name, ("", set()))
            if status == "0" and date >= last:
                shown[name] = (date, marks | {mark} if date == last else {mark})
    return shown


def order(parts, root, shown):
    rows = []
    for place, (name, limit, command, sources) in enumerate(parts):
        mark = fingerprint(root, sources, name)
        date, marks = shown.get(name, ("", set()))
        if not sources:
            state, date = ALWAYS, ""
        elif not date:
            state = NEVER
        else:
            state = SHOWN if mark in marks else CHANGED
        # What has changed goes by its place: when it was shown says nothing of what it is now.
        rows.append(((state, date if state == SHOWN else "", place), (name, limit, command, mark, f"{WHY[state]} {date}".strip())))
    return [row for _, row in sorted(rows)]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    table, evidence = map(pathlib.Path, sys.argv[1:])
    for row in order(read_parts(table), table.resolve().parent.parent, last_shown(evidence)):
        print(*row, sep="\t")
