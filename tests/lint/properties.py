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
    text = page.read().partition(".Sh PROPERTIES\n")[2].partition(".Sh ")[0]
entries = text.split("\n.It Va ")[1:]
for entry in entries:
    properties = entry.partition("\n")[0]
    shown = re.search(r"^Shown by (\S+?)(?::\n(.+))?$", entry, re.M)
    if not shown:
        print(f"man/knarr-config.5: {properties}: no test is named")
        failures += 1
        continue
    file, name = shown.groups()
    folder = "tests/unit" if file.endswith(".c") else "tests/integration"
    path = os.path.join(top, folder, file)
    if not os.path.exists(path):
        print(f"man/knarr-config.5: {properties}: no file {folder}/{file}")
        failures += 1
    elif file.endswith(".bats") and name not in tests_of(path):
        print(f"man/knarr-config.5: {properties}: {file} has no test '{name}'")
        failures += 1
if not entries:
    print("man/knarr-config.5: no properties found")
    failures += 1
sys.exit(1 if failures else 0)
