# SPDX-License-Identifier: Apache-2.0
"""User and groups: additionalGids, the caller's groups, user namespaces, exec."""
from policy import Case, base_config, with_userns

KEEP = {"run.oci.keep_original_groups": "1"}


def facts(seen):
    # The primary gid as one of the groups gives no access that it does not give by itself.
    groups = {k for k in seen if k.startswith("group ")} - {f"group {seen['gid']}"}
    return {f"uid {seen['uid']}", f"gid {seen['gid']}"} | groups


def case(name, uid=0, gid=0, groups=None, userns=False, keep=False, execs=None, model=True):
    config = base_config()
    if userns:
        with_userns(config)
    config["process"]["user"] = {"uid": uid, "gid": gid}
    if groups is not None:
        config["process"]["user"]["additionalGids"] = groups
    if keep:
        config["annotations"] = KEEP
    expected = {f"uid {uid}", f"gid {gid}"} | {f"group {g}" for g in groups or () if g != gid} if model else None
    return Case(name, ["ids"], config, model=expected, exec_args=execs)


def cases(rng):
    for userns in (False, True):
        w = ", user namespace" if userns else ""
        yield case("none" + w, userns=userns)
        yield case("empty list" + w, groups=[], userns=userns)
        yield case("some" + w, 1000, 1000, [5, 50, 1000], userns)
        yield case("keep, none" + w, userns=userns, keep=True)
        yield case("keep, some" + w, 1000, 1000, [5], userns, keep=True, model=False)
        yield case("exec" + w, 1000, 1000, [5, 50], userns, execs=())
        yield case("exec, another user" + w, 1000, 1000, [5, 50], userns, execs=("--user", "7:8"), model=False)
        yield case("exec, root" + w, 1000, 1000, [5, 50], userns, execs=("--user", "0"), model=False)
    yield case("not mapped group", 0, 0, [70000], True, model=False)
    yield case("not mapped user", 70000, 0, None, True, model=False)
    for n in range(8):
        userns = rng.random() < 0.5
        top = 65000 if userns else 2000000000
        yield case(f"random {n}", rng.randint(0, top), rng.randint(0, top),
                   sorted({rng.randint(0, top) for _ in range(rng.randint(0, 6))}), userns)
