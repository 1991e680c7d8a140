#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
In the container half no step fails in silence. A result that is thrown away, "(void)call(...)", and a function that
returns none have a row in discards.allow with the reason, and the test that holds it where there is one.
"""
import os
import re
from collections import Counter

from source_files import code_only, files, finish, read, root

DISCARD = re.compile(r"\(void\)!?\s*(\w+)\s*\(")
VOID = re.compile(r"^(?:static )?(?:_noreturn_ )?void (\w+)\(", re.M)
ROW = re.compile(r"(\S+): (\w+) (\S+)(?: x(\d+))?  +# (\S.*)")


def load_allowed(top, problems):
    table = {}
    for number, line in enumerate(read(top, "tests/lint/discards.allow").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"tests/lint/discards.allow:{number}"
        match = ROW.fullmatch(line)
        if not match or match.group(2) not in ("discards", "void"):
            problems.append(f"{where}: a row is 'FILE: discards|void NAME [xCOUNT]  # reason'")
            continue
        path, kind, name, count, reason = match.groups()
        table[path, kind, name] = (where, int(count or 1))
        for test in re.findall(r"[\w/]+\.(?:bats|c)(?=[:;,]|$)", reason):
            if not os.path.exists(os.path.join(top, "tests", test)):
                problems.append(f"{where}: there is no tests/{test}")
    return table


def main():
    top = root()
    problems = []
    table = load_allowed(top, problems)
    found = Counter()
    for path in files(top, ["src/init"], (".c",)):
        text = code_only(read(top, path))
        for kind, pattern in (("discards", DISCARD), ("void", VOID)):
            found.update((path, kind, match.group(1)) for match in pattern.finditer(text))
    for key in sorted(found.keys() | table.keys()):
        path, kind, name = key
        where, allowed = table.get(key, (path, 0))
        if found[key] > allowed:
            problems.append(f"{path}: {kind} {name}() x{found[key]}, {allowed} in discards.allow: an error, a fallback, or a row with its reason")
        elif found[key] < allowed:
            problems.append(f"{where}: stale: {path} {kind} {name}() x{found[key]}, not x{allowed}")
    finish(problems)


main()
