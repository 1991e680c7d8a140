# SPDX-License-Identifier: Apache-2.0
"""Mount options: which flags a mount and the mount below it have, seen in mountinfo from inside."""
import os

from policy import Case, base_config, with_userns

WORDS = ("ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec", "noatime", "relatime", "nodiratime", "rro", "rrw",
         "rnosuid", "rnodev", "rnoexec", "nosymfollow")
FLAGS = {"ro": "writes", "nosuid": "set-user-id", "nodev": "devices", "noexec": "programs", "nosymfollow": "links"}


def make_source(_, bundle):
    os.makedirs(bundle + "/source/sub")
    with open(bundle + "/source/file", "w", encoding="utf-8") as f:
        f.write("text\n")


def facts(seen):
    found = set()
    for key, value in seen.items():
        if key.startswith("mount /m"):
            options = value.split()[0].split(",")
            found |= {f"{key[6:]} {words}" for flag, words in FLAGS.items() if flag not in options}
    if "open /m/file" in seen and "write" in seen["open /m/file"]:
        found.add("/m/file is written")
    return found


def case(name, options, kind="bind", userns=False, below=None):
    config = base_config()
    if userns:
        with_userns(config)
    if kind == "bind":
        config["mounts"].append({"destination": "/m", "type": "bind", "source": "@BUNDLE@/source", "options": options})
    else:
        config["mounts"].append({"destination": "/m", "type": "tmpfs", "source": "tmpfs", "options": options})
    if below is not None:
        config["mounts"].append({"destination": "/m/sub", "type": "tmpfs", "source": "tmpfs", "options": below})
    return Case(name, ["mounts", "open=/m/file"], config, rootfs=make_source)


def cases(rng):
    for options in (["rbind", "ro"], ["rbind", "rprivate", "ro", "bind"], ["bind"], ["rbind", "ro", "rw"], ["bind", "rw", "ro"],
                    ["rbind", "nosuid", "suid"], ["bind", "ro", "nosuid", "nodev", "noexec"], ["rbind", "rro"],
                    ["bind", "defaults", "ro"], ["bind", "ro", "defaults"], ["bind", "z"], ["bind", "U"], ["bind", "cached"]):
        yield case("bind " + ",".join(options), options)
    for n in range(26):
        kind = rng.choice(("bind", "tmpfs"))
        options = rng.sample(WORDS, rng.randint(0, 5))
        if kind == "bind":
            options.insert(rng.randint(0, len(options)), rng.choice(("bind", "rbind")))
        below = rng.sample(("ro", "nosuid", "nodev", "noexec"), rng.randint(0, 3)) if rng.random() < 0.4 else None
        userns = rng.random() < 0.25
        yield case(f"random {n}: {kind} {','.join(options)}{' and below' if below is not None else ''}"
                   f"{', user namespace' if userns else ''}", options, kind, userns, below)
