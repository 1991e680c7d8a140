#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SECURITY.md: each promise names tests that exist, and each rule that the tree cites is defined."""
import os
import re

from source_files import files, finish, read, root

DOCUMENT = "SECURITY.md"
CITED = re.compile(r"\bR([1-9][0-9]?)\b")
# `folder/file`: "beginning of a test's name", "another"; `folder/file`: ...
SHOWN = re.compile(r'`([\w./]+)`((?:[:,] "[^"]+")*)')


def tests_of(top, path):
    text = read(top, path)
    if path.endswith(".c"):
        return re.findall(r"\bcmocka_unit_test(?:_\w+)?\((\w+)", text)
    return re.findall(r'^@test "(.*)" \{', text, re.M)


def check_promise(top, where, shown):
    problems = []
    named = SHOWN.findall(shown)
    if not named:
        problems.append(f"{where}: this promise names no test")
    for file, names in named:
        path = "tests/" + file
        if not os.path.exists(os.path.join(top, path)):
            problems.append(f"{where}: no file {path}")
            continue
        tests = tests_of(top, path) if path.endswith((".bats", ".c")) else None
        for name in re.findall(r'"([^"]+)"', names):
            if tests is not None and not any(t.startswith(name) for t in tests):
                problems.append(f"{where}: {path} has no test '{name}'")
    return problems


def main():
    top = root()
    problems = []
    promises, rules, section = 0, set(), ""
    for number, line in enumerate(read(top, DOCUMENT).splitlines(), 1):
        if line.startswith("## "):
            section = line[3:]
        cells = [c.strip() for c in line.strip("|").split("|")] if line.startswith("|") else []
        if section == "What knarr promises" and len(cells) == 3 and cells[0] not in ("promise", "---"):
            promises += 1
            problems += check_promise(top, f"{DOCUMENT}:{number}", cells[2])
        if section == "Rules" and cells and re.fullmatch(r"R\d+", cells[0]):
            rules.add(cells[0][1:])
    if not promises or not rules:
        problems.append(f"{DOCUMENT}: no promises or no rules were found")
    for path in files(top, ["include", "src", "tests"], (".c", ".h", ".bats", ".bash", ".py", ".sh")) + [
        DOCUMENT,
        "ARCHITECTURE.md",
    ]:
        for number, line in enumerate(read(top, path).splitlines(), 1):
            for rule in CITED.findall(line):
                if rule not in rules:
                    problems.append(f"{path}:{number}: rule R{rule} is not defined in {DOCUMENT}")
    finish(problems)


main()
