# SPDX-License-Identifier: Apache-2.0
"""What the topics of tests/policy share: a case, its bundle, a runtime that runs it, and what the container saw."""
import copy
import json
import os
import shutil
import subprocess
import tempfile

SECONDS = 60  # one command of a runtime
CAPS = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
 NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE
 SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL
 SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()
DEFAULT_CAPS = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "MKNOD", "NET_RAW", "SETGID", "SETUID"]
MAPS = [{"containerID": 0, "hostID": 100000, "size": 65536}]
ALLOW_ALL = [{"allow": True, "access": "rwm"}]


def capability_sets(names, sets=("bounding", "effective", "permitted")):
    return {s: ["CAP_" + n for n in names] for s in sets}


def base_config():
    """A container with all that the runtimes agree on; each topic changes what it is about."""
    return {
        "ociVersion": "1.0.2",
        "root": {"path": "rootfs"},
        "hostname": "look",
        "process": {
            "terminal": False, "cwd": "/", "args": [], "user": {"uid": 0, "gid": 0}, "env": ["PATH=/bin"],
            "capabilities": capability_sets(DEFAULT_CAPS), "noNewPrivileges": True,
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},
        ],
        "linux": {
            "namespaces": [{"type": t} for t in ("pid", "ipc", "uts", "mount", "network", "cgroup")],
            "resources": {"devices": ALLOW_ALL},
        },
    }


class Case:
    """One input. topic.facts() makes the set of what was permitted from what the container saw."""

    def __init__(self, name, look, config=None, **more):
        self.name, self.look, self.config = name, look, config or base_config()
        self.model = more.pop("model", None)  # the set of facts that the specification or the kernel gives
        self.refused = more.pop("refused", False)  # the model: this must not start
        self.rootfs = more.pop("rootfs", None)  # function(rootfs, bundle): makes files
        self.env = more.pop("env", None)  # of the runtime
        self.fds = more.pop("fds", ())  # kinds of descriptors that the runtime inherits from 3 on
        self.run_args = more.pop("run_args", ())
        self.update = more.pop("update", None)  # resources: the container is updated, then looked at by exec
        self.exec_args = more.pop("exec_args", None)  # the container is looked at by exec with these arguments
        assert not more, more


class Runtime:
    def __init__(self, name, path):
        self.name, self.path = name, path

    def call(self, root, *args, case=None, text=None):
        env = {"PATH": os.environ["PATH"], "HOME": "/tmp"}
        files, opened = [], []
        if case is not None:
            env.update(case.env or {})
            files = [open_kind(k, opened) for k in case.fds]
        command = [self.path, "--root", root, *args]

        def place():
            for n, f in enumerate(files, 3):
                os.dup2(f, n)
            os.closerange(3 + len(files), 1024)

        try:
            if env.get("LISTEN_PID") == "self":
                command = ["/bin/sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", *command]
            return subprocess.run(command, env=env, text=True, errors="replace", input=text or "", capture_output=True,
                                  timeout=SECONDS, check=False, close_fds=False, preexec_fn=place if files else None)
        finally:
            for f in files:
                os.close(f)
            for f in opened:
                if isinstance(f, int):
                    os.close(f)
                else:
                    f.close()

    def observe(self, case, number):
        """(observations, None), or (None, message) when the container was refused."""
        top = tempfile.mkdtemp(prefix=f"{self.name}.", dir="/tmp")
        root, bundle, cid = top + "/state", top + "/bundle", f"policy-{self.name}-{os.getpid()}-{number}"
        try:
            make_bundle(case, bundle)
            if case.update is None and case.exec_args is None:
                r = self.call(root, "run", *case.run_args, "--bundle", bundle, cid, case=case)
                return result_of(r)
            with open(top + "/log", "w+", encoding="utf-8") as log:
                r = subprocess.run([self.path, "--root", root, "run", "--detach", "--bundle", bundle, cid],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=SECONDS, check=False)
                log.seek(0)
                if r.returncode != 0:
                    return None, log.read()
            if case.update is not None:
                r = self.call(root, "update", "--resources", "-", cid, text=json.dumps(case.update))
                if r.returncode != 0:
                    return None, r.stderr
            r = self.call(root, "exec", *(case.exec_args or ()), cid, "/look", *case.look, case=case)
            return result_of(r)
        finally:
            if os.path.isdir(root):
                self.call(root, "delete", "--force", cid)
            shutil.rmtree(top, ignore_errors=True)


def open_kind(kind, opened):
    """A descriptor above 100 of that kind, so that the shell's moves do not meet."""
    import fcntl
    import socket
    if kind == "socket":
        s = socket.socket(socket.AF_UNIX)
        s.bind("")
        s.listen(1)
        first = s.fileno()
        opened.append(s)
    elif kind == "fifo":
        first, w = os.pipe()
        opened += [w, first]
    else:
        first = os.open({"directory": "/", "file": "/etc/passwd", "device": "/dev/zero"}[kind], os.O_RDONLY)
        opened.append(first)
    return fcntl.fcntl(first, fcntl.F_DUPFD, 100)


def make_bundle(case, bundle):
    rootfs = bundle + "/rootfs"
    for d in ("proc", "dev", "tmp", "sys", "etc", "bin"):
        os.makedirs(f"{rootfs}/{d}")
    shutil.copy(os.environ["WORK"] + "/look", rootfs + "/look")
    with open(rootfs + "/etc/passwd", "w", encoding="utf-8") as f:
        f.write("root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n")
    with open(rootfs + "/etc/group", "w", encoding="utf-8") as f:
        f.write("root:x:0:\nuser:x:1000:\n")
    for d in (bundle[:bundle.rindex("/")], bundle, rootfs):
        os.chmod(d, 0o755)  # root of a user namespace passes
    if case.rootfs:
        case.rootfs(rootfs, bundle)
    config = json.loads(json.dumps(case.config).replace("@BUNDLE@", bundle))
    waits = case.update is not None or case.exec_args is not None
    config["process"]["args"] = ["/look", "sleep"] if waits else ["/look", *case.look]
    with open(bundle + "/config.json", "w", encoding="utf-8") as f:
        json.dump(config, f)


def result_of(r):
    seen = {}
    for line in r.stdout.splitlines():
        key, _, value = line.partition("\t")
        # of mounts at one place the topmost counts
        seen[key] = value
    if "end" in seen:
        return seen, None
    return None, (r.stderr or r.stdout or f"status {r.returncode}").strip()


def with_userns(config):
    config["linux"]["namespaces"].append({"type": "user"})
    config["linux"]["uidMappings"] = copy.deepcopy(MAPS)
    config["linux"]["gidMappings"] = copy.deepcopy(MAPS)
    return config


def caps_of(seen):
    """("eff CHOWN", ...) of the five sets in /proc/self/status."""
    found = set()
    for key, short in (("CapInh", "inh"), ("CapPrm", "prm"), ("CapEff", "eff"), ("CapBnd", "bnd"), ("CapAmb", "amb")):
        bits = int(seen.get(key, "0"), 16)
        found |= {f"{short} {n}" for i, n in enumerate(CAPS) if bits >> i & 1}
    return found
