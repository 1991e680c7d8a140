# SPDX-License-Identifier: Apache-2.0
"""What the lints share: the source tree, its files, and text without comments and strings."""
import os
import re
import sys


def root():
    """The source tree: the argument, automake's $srcdir, or two folders up."""
    if len(sys.argv) > 1:
        return sys.argv[1]
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("srcdir") or os.path.dirname(os.path.dirname(here))


def files(top, folders, endings=(".c", ".h")):
    """Paths below top/folder, relative to top, sorted."""
    found = []
    for folder in folders:
        for base, _, names in os.walk(os.path.join(top, folder)):
            found += [os.path.relpath(os.path.join(base, n), top) for n in names if n.endswith(endings)]
    return sorted(found)


def read(top, path):
    with open(os.path.join(top, path), encoding="utf-8") as f:
        return f.read()


TOKENS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(text):
    """Comments and literals blanked, every line where it was."""
    return TOKENS.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def finish(problems):
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
