#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages say what the command table says: one page a verb, every flag with its letter and value, none besides.

Run in the build directory: the table is that of ./knarr. knarr-config(5) is held to the tree: files, operations,
properties and annotations that it names exist, and all that exist are named.
"""
import os
import re
import shutil
import subprocess
import sys

TOP = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("srcdir", ".")
PROBLEMS = []


def problem(page, text):
    PROBLEMS.append(f"man/{page}:1: {text}")


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def table():
    """({verb: summary}, {verb or "": [(name, letter, has value)]})"""
    text = subprocess.run(["./knarr", "--dump-commands"], check=True, capture_output=True, text=True).stdout
    verbs, flags = {}, {"": []}
    for line in text.splitlines():
        fields = line.split("\t")
        if fields[0] == "command":
            verbs[fields[1]] = fields[3]
            flags[fields[1]] = []
        else:
            owner = "" if fields[0] == "global" else fields[1]
            flags[owner].append((fields[2], fields[3], fields[4] != "-"))
    return verbs, flags


def items(text):
    """(name, letter, has value) of each flag that a page has an item for."""
    for line in text.splitlines():
        match = re.match(r"\.It (?:Fl (\w) , )?Fl Fl ([a-z0-9-]+)( .+)?$", line)
        if match:
            yield match.group(2), match.group(1) or "-", bool(match.group(3))


def check_flags(page, text, flags):
    said, true = set(items(text)), set(flags)
    for name, letter, value in sorted(true - said):
        problem(page, f"--{name} is not described as in the table (letter {letter}, {'a' if value else 'no'} value)")
    for name, _, _ in sorted(said - true):
        problem(page, f"--{name} is described, but not as in the table")
    if len(list(items(text))) != len(said):
        problem(page, "a flag is described twice")


def check_verbs():
    verbs, flags = table()
    pages = {name for name in os.listdir(os.path.join(TOP, "man")) if name.endswith(".1")}
    expected = {f"knarr-{verb}.1" for verb in verbs} | {"knarr.1"}
    for page in sorted(pages ^ expected):
        problem(page, "no such page" if page in expected else "a page without a command")
    for verb in verbs:
        page = f"knarr-{verb}.1"
        if page not in pages:
            continue
        text = read(f"man/{page}")
        check_flags(page, text, flags[verb])
        for needed in ["SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]:
            if f".Sh {needed}\n" not in text:
                problem(page, f"no section {needed}")
        if f".Nd {verbs[verb]}\n" not in text:
            problem(page, f"the summary is not '{verbs[verb]}'")
    top = read("man/knarr.1")
    check_flags("knarr.1", top, flags[""])
    listed = set(re.findall(r"^\.It Cm (\w+)$", top, re.M))
    for verb in sorted(listed ^ set(verbs)):
        problem("knarr.1", f"the list of commands and the table differ in '{verb}'")


def properties(folder):
    """Names of the properties that the readers know at the top, in process, linux and resources."""
    known = set()
    for name, prefix in [("spec.c", ""), ("process.c", "process."), ("linux.c", "linux."),
                         ("resources.c", "linux.resources.")]:
        text = read(f"{folder}/{name}")
        rows = re.findall(r"struct row (\w+)\[\] = \{(.*?)\n\t?\};", text, re.S)
        if not rows:
            problem("knarr-config.5", f"{folder}/{name} has no table of rows")
            continue
        # The last table of a file is the one of its object.
        for key, rest in re.findall(r'\{\s*"(\w+)",([^}]*)\}', rows[-1][1]):
            if "ROW_FOREIGN" not in rest:
                known.add(prefix + key)
    return known


def check_config():
    page = "knarr-config.5"
    text = read(f"man/{page}")
    ops = set(re.findall(r'\[OP_\w+\] = "([a-z-]+)"', read("src/plan/plan_names.c")))
    said = set()
    for names, reader, doers in re.findall(r"^\.It Va (.+)\nRead by (\S+), done by (.+)\.$", text, re.M):
        parts = [p.replace("[]", "") for p in names.split(", ")]
        base = parts[0].rpartition(".")[0]
        said |= {parts[0]} | {f"{base}.{p}".lstrip(".") for p in parts[1:]}
        if not os.path.exists(os.path.join(TOP, "src/spec", reader)):
            problem(page, f"{names}: no file src/spec/{reader}")
        for doer in doers.split(", "):
            if not (os.path.exists(os.path.join(TOP, doer)) if "/" in doer else doer in ops):
                problem(page, f"{names}: neither an operation nor a file: {doer}")
    for name in sorted(properties("src/spec")):
        if not any(s == name or s.startswith(name + ".") for s in said):
            problem(page, f"no entry for {name}")
    used = set()
    for folder, _, files in os.walk(os.path.join(TOP, "src")):
        for name in files:
            if name.endswith(".c"):
                used |= set(re.findall(r'"(run\.oci\.[a-z_.-]*[a-z])"', read(os.path.relpath(os.path.join(folder, name), TOP))))
    named = set(re.findall(r"^\.It Va (run\.oci\.\S+)", text, re.M))
    for name in sorted(used ^ named):
        problem(page, f"annotation {name} is {'not described' if name in used else 'described, but nothing reads it'}")


def check_mandoc():
    if not shutil.which("mandoc"):
        return
    folder = os.path.join(TOP, "man")
    pages = sorted(name for name in os.listdir(folder) if re.search(r"\.[15]$", name))
    result = subprocess.run(["mandoc", "-Tlint", "-Wstyle", *pages], cwd=folder, capture_output=True, text=True, check=False)
    for line in result.stdout.splitlines():
        # Other projects' pages may not be installed here.
        if "referenced manual not found" not in line:
            PROBLEMS.append(line.replace("mandoc: ", "man/"))


def main():
    if not os.access("./knarr", os.X_OK):
        print("no ./knarr here")
        sys.exit(77)
    check_verbs()
    check_config()
    check_mandoc()
    for line in PROBLEMS:
        print(line)
    sys.exit(1 if PROBLEMS else 0)


main()
