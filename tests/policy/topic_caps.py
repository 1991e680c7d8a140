# SPDX-License-Identifier: Apache-2.0
"""Capabilities: the five sets of the first process and of one that exec starts, and no_new_privs."""
from policy import CAPS, Case, base_config, capability_sets, caps_of, with_userns

SETS = {"bounding": "bnd", "effective": "eff", "permitted": "prm", "inheritable": "inh", "ambient": "amb"}
# What a build machine in a container has: SYS_RESOURCE is not among it.
USABLE = [c for c in CAPS if c not in ("SYS_RESOURCE",)]


def facts(seen):
    found = caps_of(seen)
    if seen.get("NoNewPrivs") == "0":
        found.add("new privileges")
    return found


def expected(sets, uid, nnp):
    """capabilities(7), execve of a program without file capabilities, securebits 0."""
    inh, amb, bnd = (set(sets.get(s, ())) for s in ("inheritable", "ambient", "bounding"))
    prm = set(sets.get("permitted", ()))
    amb &= inh & prm
    # For root a program counts as one with all file capabilities; no_new_privs keeps it from gaining any by them.
    after = (inh | bnd) & (prm if nnp else inh | bnd) if uid == 0 else amb
    found = {f"inh {c}" for c in inh} | {f"bnd {c}" for c in bnd} | {f"amb {c}" for c in amb}
    found |= {f"prm {c}" for c in after} | {f"eff {c}" for c in after}
    return found | (set() if nnp else {"new privileges"})


def case(name, sets, uid=0, userns=False, nnp=True, model=True, exec_args=None):
    config = base_config()
    if userns:
        with_userns(config)
    process = config["process"]
    process["user"] = {"uid": uid, "gid": uid}
    process["noNewPrivileges"] = nnp
    process["capabilities"] = {k: ["CAP_" + c for c in v] for k, v in sets.items()}
    return Case(name, ["status"], config, model=expected(sets, uid, nnp) if model else None, exec_args=exec_args)


def cases(rng):
    some = ["CHOWN", "KILL", "NET_RAW", "SETUID", "SYS_ADMIN"]
    plain = {s: some for s in ("bounding", "effective", "permitted")}
    yield case("none", {})
    yield case("none, ordinary user", {}, uid=1000)
    for uid in (0, 1000):
        for userns in (False, True):
            w = f"uid {uid}{', user namespace' if userns else ''}"
            yield case(f"three sets, {w}", plain, uid, userns)
            yield case(f"all sets, {w}", {s: some for s in SETS}, uid, userns)
            yield case(f"ambient only, {w}", {**plain, "ambient": some}, uid, userns)
            yield case(f"bounding only, {w}", {"bounding": some}, uid, userns, nnp=False)
            yield case(f"effective above permitted, {w}", {**plain, "permitted": some[:2]}, uid, userns, model=False)
            yield case(f"exec, {w}", plain, uid, userns, model=False, exec_args=())
            yield case(f"exec --cap, {w}", plain, uid, userns, model=False, exec_args=("--cap", "CAP_NET_ADMIN"))
    for n in range(12):
        uid, bnd = rng.choice((0, 1000)), rng.sample(USABLE, rng.randint(0, 12))
        prm = [c for c in bnd if rng.random() < 0.7]
        inh = [c for c in prm if rng.random() < 0.5]
        sets = {"bounding": bnd, "permitted": prm, "effective": [c for c in prm if rng.random() < 0.8],
                "inheritable": inh, "ambient": [c for c in inh if rng.random() < 0.7]}
        yield case(f"random {n}", sets, uid, rng.random() < 0.3, rng.random() < 0.5)
