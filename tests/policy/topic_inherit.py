# SPDX-License-Identifier: Apache-2.0
"""What the caller's descriptors and environment become: LISTEN_FDS, --preserve-fds, variables that leak."""
from policy import Case, base_config

KINDS = ("socket", "fifo", "file", "directory", "device")
SECRETS = {"SECRET": "1", "LD_PRELOAD_X": "1", "XDG_RUNTIME_DIR": "/tmp", "NOTIFY_SOCKET_X": "/x"}
IGNORED = ("env LISTEN_PID",)  # its value is a pid


def facts(seen):
    return {f"{k} {v}" if k.startswith("fd ") else k for k, v in seen.items()
            if k.startswith(("fd ", "env ")) and k not in IGNORED}


def case(name, fds=(), env=None, preserve=0, execs=False, model=None, config_env=()):
    config = base_config()
    config["process"]["env"] = ["PATH=/bin", *config_env]
    args = ("--preserve-fds", str(preserve)) if preserve else ()
    env = {**SECRETS, **(env or {})}
    more = {"exec_args": args} if execs else {"run_args": args}
    return Case(name, ["fds", "env"], config, fds=fds, env=env, model=model, **more)


def cases(rng):
    plain = {"env PATH", "env HOME"}
    for execs in (False, True):
        w = "exec" if execs else "run"
        yield case(f"{w}: nothing asked", KINDS, execs=execs, model=plain)
        yield case(f"{w}: preserve two", ("file", "fifo", "file"), preserve=2, execs=execs,
                   model=plain | {"fd 3 file", "fd 4 fifo"})
        yield case(f"{w}: preserve a directory", ("directory",), preserve=1, execs=execs, model=None)
        yield case(f"{w}: another's LISTEN_PID", ("socket", "directory"), {"LISTEN_FDS": "2", "LISTEN_PID": "1"}, execs=execs,
                   model=plain)
        yield case(f"{w}: no LISTEN_PID", ("socket",), {"LISTEN_FDS": "1"}, execs=execs, model=plain)
        for kind in KINDS:
            yield case(f"{w}: LISTEN_FDS of a {kind}", (kind,), {"LISTEN_FDS": "1", "LISTEN_PID": "self"}, execs=execs)
        yield case(f"{w}: LISTEN_FDS is no number", ("socket",), {"LISTEN_FDS": "x", "LISTEN_PID": "self"}, execs=execs)
        yield case(f"{w}: LISTEN_FDS too large", ("socket",), {"LISTEN_FDS": "9", "LISTEN_PID": "self"}, execs=execs)
    yield case("run: variables of config.json", env={"A": "caller"}, config_env=["A=config", "B=1"],
               model=plain | {"env A", "env B"})
    for n in range(6):
        fds = [rng.choice(("file", "fifo", "socket")) for _ in range(rng.randint(1, 4))]
        count = rng.randint(0, len(fds))
        execs = rng.random() < 0.5
        yield case(f"random {n}: preserve {count} of {','.join(fds)}{', exec' if execs else ''}", fds, preserve=count, execs=execs,
                   model=plain | {f"fd {i} {k}" for i, k in enumerate(fds[:count], 3)})
