# SPDX-License-Identifier: Apache-2.0
"""Device rules: which nodes can be opened for reading and writing, and which can be made."""
import os
import stat

from policy import ALLOW_ALL, Case, base_config, capability_sets

# Nodes whose numbers no driver of this kernel has, beside some that every host has: opening is harmless for all.
NODES = [("c", 1, 3), ("c", 1, 5), ("c", 1, 8), ("c", 1, 11), ("c", 5, 0), ("c", 241, 1), ("c", 241, 2), ("b", 241, 1)]
LOOK = [w for t, a, b in NODES for w in (f"dev=/nodes/{t}-{a}-{b}", f"mknod={t}:{a}:{b}")]
# Of the default devices of the specification.
DEFAULTS = [("c", 1, 3), ("c", 1, 5), ("c", 1, 7), ("c", 1, 8), ("c", 1, 9), ("c", 5, 0), ("c", 5, 2)]


def make_nodes(rootfs, _):
    os.mkdir(rootfs + "/nodes")
    for t, a, b in NODES:
        os.mknod(f"{rootfs}/nodes/{t}-{a}-{b}", 0o666 | (stat.S_IFCHR if t == "c" else stat.S_IFBLK), os.makedev(a, b))


def facts(seen):
    found = set()
    for t, a, b in NODES:
        letters = seen.get(f"dev /nodes/{t}-{a}-{b}", "")
        found |= {f"{t} {a}:{b} {n}" for n in ("r", "w") if n in letters}
        if seen.get(f"mknod {t}:{a}:{b}") == "yes":
            found.add(f"{t} {a}:{b} m")
    return found


def matches(rule, node):
    t, a, b = node
    return rule.get("type", "a") in ("a", t) and rule.get("major", a) in (-1, a) and rule.get("minor", b) in (-1, b)


def has_number(r):
    return r.get("major", -1) >= 0 or r.get("minor", -1) >= 0


def model(rules):
    """
    The last rule that matches decides, each access by itself (cgroup v1's devices.allow and devices.deny). The
    default devices and mknod are implied where no rule with a number denies them (src/cgroups/device_rules.c: a rule
    that denies all of what was not granted leaves mknod alone).
    """
    found = set()
    for node in NODES:
        allowed, named = set(), set()
        for r in (r for r in rules if matches(r, node)):
            accesses = set(r.get("access", "rwm"))
            if r["allow"]:
                allowed |= accesses
                named -= accesses
                continue
            if has_number(r):
                named |= accesses - (set("m") if accesses == set("rwm") and not allowed else set())
            allowed -= accesses
        allowed |= (set("rwm") if node in DEFAULTS else set("m")) - named
        found |= {f"{node[0]} {node[1]}:{node[2]} {x}" for x in allowed}
    return found


def rule(allow, node=None, access="rwm"):
    r = {"allow": allow, "access": access}
    if node:
        r["type"] = node[0]
        for key, value in (("major", node[1]), ("minor", node[2])):
            if value is not None:
                r[key] = value
    return r


def case(name, rules, listed=(), update=None):
    config = base_config()
    config["process"]["capabilities"] = capability_sets(["MKNOD", "DAC_OVERRIDE", "SYSLOG"])
    config["linux"]["resources"]["devices"] = rules
    if listed:
        config["linux"]["devices"] = [
            {"path": f"/dev/listed-{t}-{a}-{b}", "type": t, "major": a, "minor": b, "fileMode": 0o666, "uid": 0, "gid": 0}
            for t, a, b in listed]
    final = rules if update is None else update
    return Case(name, LOOK, config, rootfs=make_nodes, model=model(final),
                update=None if update is None else {"devices": update})


def cases(rng):
    deny = rule(False)
    kmsg, absent, disk = ("c", 1, 11), ("c", 241, 1), ("b", 241, 1)
    yield case("allow all", ALLOW_ALL)
    yield case("deny all", [deny])
    yield case("no rules", [])
    yield case("listed, deny all", [deny], [kmsg])
    yield case("listed, r only", [deny, rule(True, kmsg, "r")], [kmsg, disk])
    yield case("listed, denied by name", [deny, rule(True, kmsg), rule(False, kmsg)], [kmsg])
    yield case("listed, disk r", [deny, rule(True, disk, "r")], [disk])
    yield case("allow all, one denied", [*ALLOW_ALL, rule(False, disk)])
    yield case("allow all, one denied w", [*ALLOW_ALL, rule(False, disk, "w")])
    yield case("deny before allow", [rule(False, absent), *ALLOW_ALL])
    yield case("major wildcard", [deny, rule(True, ("c", 241, None), "rw")])
    yield case("minus one is a wildcard", [deny, rule(True, ("c", 241, -1), "rw")])
    yield case("minor of any major", [deny, rule(True, ("c", None, 1), "r")])
    yield case("type only", [deny, rule(True, ("b", None, None), "rw")])
    yield case("partial, twice", [deny, rule(True, absent, "r"), rule(True, absent, "w")])
    yield case("partial, taken back", [deny, rule(True, absent, "rw"), rule(False, absent, "w")])
    yield case("default device denied", [*ALLOW_ALL, rule(False, ("c", 1, 3))])
    yield case("update: narrower", ALLOW_ALL, update=[deny, rule(True, kmsg, "r")])
    yield case("update: wider", [deny], update=[deny, rule(True, absent, "rw")])
    yield case("update: listed, r only", [deny, rule(True, kmsg)], [kmsg], update=[deny, rule(True, kmsg, "r")])
    for n in range(14):
        rules = [deny] if rng.random() < 0.8 else []
        for _ in range(rng.randint(1, 5)):
            node = list(rng.choice(NODES))
            for i in (1, 2):
                if rng.random() < 0.25:
                    node[i] = rng.choice((None, -1))
            access = "".join(a for a in "rwm" if rng.random() < 0.6) or "r"
            rules.append(rule(rng.random() < 0.6, node, access))
        listed = [x for x in NODES if x not in DEFAULTS and rng.random() < 0.3]
        yield case(f"random {n}", rules, listed)
