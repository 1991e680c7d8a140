#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes obey the rule in layers.table, and each library is included by the one file that owns it."""
import os
import re

from source_files import files, finish, read, root

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def load_table(top):
    rank, aside, headers, libraries = {}, {}, {}, []
    line_number = 0
    for line in read(top, "tests/lint/layers.table").splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "header":
            headers[words[1]] = words[2]
        elif words[0] == "foreign":
            libraries.append((words[1], words[2:]))
        elif words[0].endswith(":"):
            aside[words[0][:-1]] = set(words[1:])
        else:
            line_number += 1
            for folder in words:
                rank[folder] = line_number
    return rank, aside, headers, libraries


def folder_of(path, headers):
    parts = path.split("/")
    if parts[:2] == ["include", "knarr"]:
        parts = parts[1:]
    if parts[0] == "knarr":
        return headers.get(parts[1], os.path.splitext(parts[1])[0])
    if parts[0] == "src":
        parts = parts[1:]
    return parts[0] if len(parts) > 1 else None


def allowed(source, target, rank, aside):
    if source is None or source == target:
        return True  # src/main.c stands above all
    if source in aside:
        return target in aside[source]
    return target in rank and source in rank and rank[target] > rank[source]


def main():
    top = root()
    rank, aside, headers, libraries = load_table(top)
    problems = []
    for path in files(top, ["include", "src"]):
        source = folder_of(path, headers)
        if source is not None and source not in rank and source not in aside:
            problems.append(f"{path}:1: folder '{source}' is not in tests/lint/layers.table")
            continue
        for number, line in enumerate(read(top, path).splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, name = match.groups()
            if kind == "<":
                for prefix, owners in libraries:
                    if name.startswith(prefix) and path not in owners:
                        problems.append(f"{path}:{number}: <{name}> belongs to {' and '.join(owners)}")
                continue
            target = folder_of(name, headers) if "/" in name else source
            if not allowed(source, target, rank, aside):
                problems.append(f"{path}:{number}: {source} must not include {name} ({target})")
    finish(problems)


main()
