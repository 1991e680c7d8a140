#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each test that man/knarr-config.5 names for a property exists in tests/integration (or tests/unit)."""
import os
import re
import sys

top = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("srcdir", ".")
failures = 0


def tests_of(path):
    with open(path, encoding="utf-8") as f:
        return set(re.findall(r'^@test "(.*)" \{', f.read(), re.M))


with open(os.path.join(top, "man/knarr-config.5"), encoding="utf-8") as page:
    rows = 0
    for number, line in enumerate(page, 1):
        if not line.startswith(".It ") or " Ta " not in line or " Em " in line:
            continue
        rows += 1
        cells = [c.strip().strip('"') for c in line[4:].strip().split(" Ta ")]
        if len(cells) != 4:
            print(f"man/knarr-config.5:{number}: {cells[0]}: {len(cells)} columns, 4 are expected")
            failures += 1
            continue
        file, _, name = cells[3].partition(": ")
        folder = "tests/unit" if file.endswith(".c") else "tests/integration"
        path = os.path.join(top, folder, file)
        if not os.path.exists(path):
            print(f"man/knarr-config.5:{number}: {cells[0]}: no file {folder}/{file}")
            failures += 1
        elif file.endswith(".bats") and name not in tests_of(path):
            print(f"man/knarr-config.5:{number}: {cells[0]}: {file} has no test '{name}'")
            failures += 1
if not rows:
    print("man/knarr-config.5: no rows found")
    failures += 1
sys.exit(1 if failures else 0)
