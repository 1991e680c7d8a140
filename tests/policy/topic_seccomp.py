# SPDX-License-Identifier: Apache-2.0
"""Seccomp as the container meets it: overlapping rules, and arguments of 16 and 32 bits."""
from policy import Case, base_config

# x86_64 numbers of calls that do no harm whatever becomes of them
PRCTL, CHMOD, SETPRIORITY, GETPID, UMASK = 157, 90, 141, 39, 95
NAMES = {"prctl": PRCTL, "chmod": CHMOD, "setpriority": SETPRIORITY, "umask": UMASK}
VALUES = (0, 22, 39, 40, 0o4755, 0x10000 | 0o4755, 0x100000016)
ACTIONS = ("SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_LOG")
OPERATORS = ("SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ")
LOOK = [f"call={nr}:{v}:{v}:0:0:0" for nr in NAMES.values() for v in VALUES] + [f"call={GETPID}", "status"]


def facts(seen):
    """A call that the filter refuses gives EDOM, which none of these calls gives by itself; a killed one, a signal."""
    found = {k for k, v in seen.items() if k.startswith("call ") and v != "EDOM" and not v.startswith("signal")}
    found |= {f"{k} is not killed" for k, v in seen.items() if k.startswith("call ") and not v.startswith("signal")}
    return found | ({"no filter"} if seen["Seccomp"] == "0" else set())


def rule(name, action, *arguments):
    r = {"names": [name], "action": action}
    if action == "SCMP_ACT_ERRNO":
        r["errnoRet"] = 33
    if arguments:
        r["args"] = [dict(zip(("index", "op", "value", "valueTwo"), a)) for a in arguments]
    return r


def case(name, rules, default="SCMP_ACT_ALLOW"):
    config = base_config()
    config["linux"]["seccomp"] = {"defaultAction": default, "architectures": ["SCMP_ARCH_X86_64"], "syscalls": rules}
    return Case(name, LOOK, config)


def cases(rng):
    yield case("empty", [])
    yield case("strictest wins", [rule("prctl", "SCMP_ACT_ALLOW", (0, "SCMP_CMP_LT", 40)),
                                  rule("prctl", "SCMP_ACT_KILL_PROCESS", (0, "SCMP_CMP_EQ", 22))], "SCMP_ACT_LOG")
    yield case("16 bits", [rule("chmod", "SCMP_ACT_ERRNO", (1, "SCMP_CMP_EQ", 0o4755))])
    yield case("unknown name", [rule("no_such_call", "SCMP_ACT_ERRNO"), rule("prctl", "SCMP_ACT_ERRNO")])
    for n in range(24):
        default, rules = rng.choice(("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")), []
        for _ in range(rng.randint(1, 6)):
            action = rng.choice([a for a in ACTIONS if a != default])
            arguments = []
            if rng.random() < 0.85:
                op = rng.choice(OPERATORS)
                value = rng.choice(VALUES)
                arguments.append((0, op, rng.choice((0xff, 0xffff, 0xffffffff)), value) if op.endswith("MASKED_EQ")
                                 else (0, op, value))
            rules.append(rule(rng.choice(tuple(NAMES)), action, *arguments))
        yield case(f"random {n}", rules, default)
