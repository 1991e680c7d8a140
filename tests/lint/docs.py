#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files and folders that the documents name exist."""
import os
import re

from source_files import finish, read, root

DOCUMENTS = ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", "CODING_STYLE.md", "SECURITY.md"]
NAME = re.compile(r"\b(?:src|include/knarr|tests|bench|build-aux|man|completions)/[\w./{},*-]*")


def expand(name):
    """a{b,c}d as abd and acd; a '*' cuts the name at its folder."""
    match = re.search(r"\{([^{}]*)\}", name)
    if match:
        for part in match.group(1).split(","):
            yield from expand(name[: match.start()] + part + name[match.end() :])
    else:
        yield name.split("*")[0].rpartition("/")[0] if "*" in name else name


def main():
    top = root()
    problems = []
    for document in DOCUMENTS:
        if not os.path.exists(os.path.join(top, document)):
            continue
        for number, line in enumerate(read(top, document).splitlines(), 1):
            for match in NAME.finditer(line):
                for name in expand(match.group().rstrip(".,")):
                    if "{" not in name and not any(os.path.exists(os.path.join(top, name + e)) for e in ("", ".c")):
                        problems.append(f"{document}:{number}: '{name}' does not exist")
    finish(problems)


main()
