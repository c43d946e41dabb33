#!/usr/bin/python3
"""Checks every line of a records file against OCP Test & Validation's JSON schemas.

Usage: ocp_schema_check.py SCHEMA_DIR FILE      exit 0: all valid, 1: not, with the line and the reason on stderr
"""
import json
import pathlib
import sys

from jsonschema import Draft202012Validator, RefResolver


def main(schema_folder: str, records: str) -> int:
    schemas = [json.loads(path.read_text()) for path in sorted(pathlib.Path(schema_folder).glob("*.json"))]
    root = next(schema for schema in schemas if schema["$id"].endswith("/output"))
    resolver = RefResolver.from_schema(root, store={schema["$id"]: schema for schema in schemas})
    validator = Draft202012Validator(root, resolver=resolver)
    count = 0
    with open(records, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            count = number
            errors = sorted(validator.iter_errors(json.loads(line)), key=lambda error: len(error.path))
            for error in errors:
                print(f"{records}:{number}: {error.message[:300]}", file=sys.stderr)
            if errors:
                return 1
    if count == 0:
        print(f"{records}: has no lines", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
