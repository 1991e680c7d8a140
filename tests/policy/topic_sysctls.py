# SPDX-License-Identifier: Apache-2.0
"""Sysctls: which may be set with the namespace new, joined by the caller's own path, or absent, and what they become."""
from policy import Case, base_config, with_userns

# sysctl, value to write, the namespace that it belongs to
KEYS = [("net.ipv4.ip_forward", "1", "network"), ("net.ipv4.ping_group_range", "0 7", "network"),
        ("net.ipv6.conf.all.forwarding", "1", "network"), ("net.core.somaxconn", "77", "network"),
        ("kernel.msgmax", "7777", "ipc"), ("kernel.shmmni", "77", "ipc"), ("kernel.sem", "77 7700 77 77", "ipc"),
        ("fs.mqueue.msg_max", "7", "ipc"), ("kernel.domainname", "look.example", "uts"), ("kernel.hostname", "other", "uts"),
        ("kernel.panic", "77", None), ("vm.swappiness", "77", None), ("kernel.randomize_va_space", "0", None),
        ("net/ipv4/ip_forward", "1", "network"), ("net.ipv4/../../kernel/panic", "77", None), ("kernel.msgmax.x", "1", None),
        ("net.core.bpf_jit_enable", "0", None), ("fs.mqueue.x", "1", None)]
KIND = {"network": "net", "ipc": "ipc", "uts": "uts"}


def facts(seen):
    return {f"{k} = {' '.join(v.split())}" for k, v in seen.items() if k.startswith("cat ")}


def case(name, key, value, changes, userns=False, refused=False):
    config = base_config()
    for kind, how in changes.items():
        namespaces = [n for n in config["linux"]["namespaces"] if n["type"] != kind]
        if how == "path":
            namespaces.append({"type": kind, "path": f"/proc/self/ns/{KIND[kind]}"})
        config["linux"]["namespaces"] = namespaces
        if kind == "uts" and how != "new":
            del config["hostname"]
    if userns:
        with_userns(config)
    config["linux"]["sysctl"] = {key: value}
    path = "/proc/sys/" + (key if "/" in key else key.replace(".", "/"))
    return Case(name, ["cat=" + path], config, refused=refused)


def host_value(key):
    try:
        with open("/proc/sys/" + key.replace("..", "-").replace(".", "/"), encoding="utf-8") as f:
            return f.read().strip()
    except OSError:
        return None


def cases(rng):
    for key, value, kind in KEYS:
        if kind is None:
            value = host_value(key) or value  # a runtime that writes it changes nothing
        # What belongs to no namespace is the host's: no runtime may write it.
        yield case(f"{key}, new", key, value, {}, refused=kind is None)
        if kind is None:
            continue
        # An absent namespace is the host's, and so is a path to the caller's own.
        yield case(f"{key}, none", key, value, {kind: "none"}, refused=True)
        yield case(f"{key}, path", key, value, {kind: "path"}, refused=True)
    for key, value, kind in (k for k in KEYS if k[2]):
        if rng.random() < 0.5:
            yield case(f"{key}, user namespace", key, value, {}, userns=True)
