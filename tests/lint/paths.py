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


# R31: attributes are changed through the descriptor of a mount. mount(2) makes a filesystem and does nothing else.
MOUNT = re.compile(r"(?<![\w.>])mount\s*\(([^;]*)\)\s*<\s*0")
SETATTR = re.compile(r"\bSYS_mount_setattr\b(?!,\s*fd,\s*(?:\"\")?\s*,\s*AT_EMPTY_PATH\b)")


def attribute_changes(path, text):
    for match in re.finditer(r"\bMS_(REMOUNT|MOVE)\b", text):
        yield match.start(), f"{match.group(0)} changes what a path leads to: use mount_set_attributes() or mount_move()"
    for match in SETATTR.finditer(text):
        if path.endswith(".c"):
            yield match.start(), 'mount_setattr takes a descriptor, "" and AT_EMPTY_PATH'
    for match in re.finditer(r"(?<![\w.>])mount\s*\(", text):
        call = MOUNT.match(text, match.start())
        if not call or call.group(1).split(",")[-2].strip() != "0":
            yield match.start(), "mount() with flags changes attributes by path: set them on the descriptor"


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
        code = code_only(read(top, path))
        for at, problem in attribute_changes(path, code):
            problems.append(f"{path}:{code.count(chr(10), 0, at) + 1}: {problem}")
        for number, line in enumerate(code.splitlines(), 1):
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
