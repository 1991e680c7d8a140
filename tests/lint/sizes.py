#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file has at most 600 lines and a function at most 100."""
import re

from source_files import code_only, files, finish, read, root

FILE_MAX = 600
FUNCTION_MAX = 100
NAME = re.compile(r"(\w+)\s*\([^;]*$", re.S)


def functions(lines):
    """(name, first line, lines of the body) of each function: its braces stand in column 0."""
    start, name, signature = None, None, ""
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            match = NAME.search(signature)
            start, name = number, match.group(1) if match else None
        elif line.startswith("}"):
            if start and name:
                yield name, start, number - start - 1
            start, name, signature = None, None, ""
        elif start is None:
            signature = "" if line.strip() == "" or line.startswith("#") else signature + line + "\n"


def main():
    top = root()
    problems = []
    for path in files(top, ["include", "src", "tests/unit", "tests/fuzz"]):
        lines = code_only(read(top, path)).splitlines()
        if len(lines) > FILE_MAX:
            problems.append(f"{path}:{FILE_MAX}: {len(lines)} lines, at most {FILE_MAX}")
        for name, start, size in functions(lines):
            if size > FUNCTION_MAX:
                problems.append(f"{path}:{start}: {name}() has {size} lines, at most {FUNCTION_MAX}")
    finish(problems)


main()
