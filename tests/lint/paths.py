#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
No call that takes a bare path, outside the files that paths.allow names with their reason: below a root file system
such a call follows whatever link the image put there.
"""
import re

from source_files import code_only, files, finish, read, root

CALLS = """
open creat fopen freopen opendir mkdir mkfifo mknod rmdir unlink remove rename link symlink readlink realpath
stat lstat statfs statvfs access euidaccess chmod chown lchown truncate utimes mount umount umount2 chdir chroot
scandir nftw ftw setxattr getxattr removexattr
""".split()
CALL = re.compile(r"(?<![\w.>])(" + "|".join(CALLS) + r")\s*\(")


def load_allowed(top):
    table = {}
    for number, line in enumerate(read(top, "tests/lint/paths.allow").splitlines(), 1):
        line = line.split("#")[0].strip()
        if line:
            path, calls = line.split(":")
            table[path] = (number, set(calls.split()))
    return table


def main():
    top = root()
    table = load_allowed(top)
    problems = []
    used = {}
    for path in files(top, ["src"], (".c", ".h")):
        allowed = table.get(path, (0, set()))[1]
        for number, line in enumerate(code_only(read(top, path)).splitlines(), 1):
            for match in CALL.finditer(line):
                call = match.group(1)
                used.setdefault(path, set()).add(call)
                if call not in allowed:
                    problems.append(f"{path}:{number}: {call}() takes a bare path: use kernel/safe_path or an *at call")
    for path, (number, allowed) in table.items():
        for call in sorted(allowed - used.get(path, set())):
            problems.append(f"tests/lint/paths.allow:{number}: {path} does not call {call}()")
    finish(problems)


main()
