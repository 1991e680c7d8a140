# SPDX-License-Identifier: Apache-2.0
"""no_new_privs, resource limits, umask, oom_score_adj: of the first process and of one that exec starts."""
from policy import Case, base_config

LIMITS = ("NOFILE", "CORE", "STACK", "AS", "FSIZE", "MEMLOCK", "NPROC", "CPU", "DATA", "MSGQUEUE", "SIGPENDING", "NICE", "RTPRIO")
LOOK = ["status", "limits", "ids", "cat=/proc/self/oom_score_adj"]


def facts(seen):
    found = {f"{k} {v}" for k, v in seen.items() if k.startswith("limit ")}
    found |= {f"umask {seen['umask']}", f"oom {seen['cat /proc/self/oom_score_adj']}"}
    if seen["NoNewPrivs"] == "0":
        found.add("new privileges")
    return found


def case(name, execs=None, limits=(), umask=None, oom=None, nnp=True, model=None):
    config = base_config()
    process = config["process"]
    process["noNewPrivileges"] = nnp
    if limits:
        process["rlimits"] = [{"type": f"RLIMIT_{n}", "soft": s, "hard": h} for n, s, h in limits]
    if umask is not None:
        process["user"]["umask"] = umask
    if oom is not None:
        process["oomScoreAdj"] = oom
    return Case(name, LOOK, config, exec_args=execs)


def cases(rng):
    for w, execs in (("", None), ("exec: ", ())):
        yield case(w + "nothing", execs)
        yield case(w + "new privileges", execs, nnp=False)
        yield case(w + "umask", execs, umask=0o77)
        yield case(w + "umask 0", execs, umask=0)
        yield case(w + "oom_score_adj", execs, oom=500)
        yield case(w + "limits", execs, [("NOFILE", 100, 200), ("CORE", 0, 0), ("AS", 1 << 32, 1 << 33)])
    yield case("soft above hard", limits=[("NOFILE", 300, 200)])
    yield case("above the host's", limits=[("NOFILE", 1 << 30, 1 << 30)])
    yield case("unknown limit", limits=[("UNKNOWN", 1, 1)])
    yield case("one limit twice", limits=[("NOFILE", 100, 100), ("NOFILE", 200, 200)])
    yield case("oom_score_adj too large", oom=2000)
    for n in range(8):
        limits = []
        for name in rng.sample(("NOFILE", "CORE", "STACK", "FSIZE", "MSGQUEUE", "SIGPENDING"), rng.randint(1, 5)):
            hard = rng.randint(1000, 4000)
            if name == "FSIZE":
                hard <<= 10  # crun's own files shall fit
            limits.append((name, rng.randint(hard // 10, hard) if name != "STACK" else hard, hard if name != "STACK" else 8 << 20))
        yield case(f"random {n}", () if rng.random() < 0.4 else None, limits, rng.choice((None, 0o22, 0o27, 0o777)),
                   rng.choice((None, 0, 100, 1000)), rng.random() < 0.5)
