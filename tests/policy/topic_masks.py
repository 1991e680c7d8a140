# SPDX-License-Identifier: Apache-2.0
"""Masked and read-only paths: missing, links, twice, below mounts."""
import os

from policy import Case, base_config, with_userns

PATHS = ("/data/file", "/data/dir", "/data/link", "/data/dirlink", "/data/missing", "/data/dir/inner", "/proc/version",
         "/proc/sys", "/tmp", "/tmp/none", "/data//dir/", "/data/dir/../file")
SEEN = ("/data/file", "/data/dir", "/data/dir/inner", "/proc/version", "/proc/sys", "/proc/sys/kernel/hostname", "/tmp")
LOOK = [f"open={p}" for p in SEEN]


def make_files(rootfs, _):
    os.makedirs(rootfs + "/data/dir")
    for name in ("file", "dir/inner"):
        with open(f"{rootfs}/data/{name}", "w", encoding="utf-8") as f:
            f.write("text\n")
        os.chmod(f"{rootfs}/data/{name}", 0o666)
    os.symlink("file", rootfs + "/data/link")
    os.symlink("/data/dir", rootfs + "/data/dirlink")


def facts(seen):
    found = set()
    for path in SEEN:
        words = seen.get("open " + path, "").replace(",", "").split()
        if not words:
            continue
        if words[0] == "read" and int(words[1]) > 0:
            found.add(f"{path} has content")
        if words[-1] == "write" and int(words[1]) > 0:
            found.add(f"{path} is written")
    return found


def case(name, masked=(), readonly=(), userns=False):
    config = base_config()
    if userns:
        with_userns(config)
    config["linux"]["maskedPaths"] = list(masked)
    config["linux"]["readonlyPaths"] = list(readonly)
    return Case(name, LOOK, config, rootfs=make_files)


def cases(rng):
    yield case("none")
    for path in PATHS:
        yield case(f"masked {path}", [path])
        yield case(f"read-only {path}", (), [path])
    yield case("masked twice", ["/data/dir", "/data/dir"])
    yield case("masked and what is in it", ["/data/dir", "/data/dir/inner"])
    yield case("masked by a link and by name", ["/data/link", "/data/file"])
    yield case("both", ["/data/file"], ["/data/file"])
    yield case("relative", ["data/file"])
    for n in range(14):
        userns = rng.random() < 0.4
        yield case(f"random {n}{', user namespace' if userns else ''}", rng.sample(PATHS, rng.randint(0, 4)),
                   rng.sample(PATHS, rng.randint(0, 4)), userns)
