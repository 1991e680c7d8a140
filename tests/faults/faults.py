#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
faults.py [--seconds N] [--seed N] [--only WORD] [--table] KNARR HELPERS: makes system calls of knarr fail, one a run.

tests/helpers/inject.c fails the N-th call of a role. Each run is judged by the same rules:

  - it ends, and no signal ends a process of knarr's
  - an exit status of 0 means that the result is right: the program prints what confines it, and that is
    compared with the print of a run without a fault
  - any other status comes with a message
  - nothing is left: no record, cgroup, mount or process; or `delete --force` removes it, and again says nothing

With --seconds the runs are a sample in the order of the seed; without it every call of every command fails in turn.
Run it by tests/isolated -2. It writes TAP: one test a command, role and fault.
"""
import argparse
import collections
import ctypes
import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

FAULTS = {name: getattr(errno, name) for name in ("ENOMEM", "EIO", "EMFILE", "EINTR", "EACCES")}
CGROUPS = "/sys/fs/cgroup"
PATHS = ["/proc/kcore", "/proc/keys", "/proc/sys", "/proc/sysrq-trigger", "/sys/firmware", "/dev/null", "/dev/zero",
         "/dev/full", "/etc/ro", "/etc/masked"]
Outcome = collections.namedtuple("Outcome", "status out err report")


class Runner:
    def __init__(self, knarr, helpers):
        self.knarr, self.inject, self.probe = knarr, helpers + "/inject", helpers + "/probe"
        self.top = "/tmp/faults"
        self.root = self.top + "/root"
        self.report = self.top + "/report"
        self.base = set()  # processes that are to stay
        shutil.rmtree(self.top, ignore_errors=True)
        os.makedirs(self.top)
        # What loses its parent becomes ours, so that nothing can be left without being seen.
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)

    def command(self, *words):
        return [self.knarr, "--root", self.root, *words]

    def run(self, *commands, fault=None, seconds=10):
        """Runs commands one after the other, with a fault or without; stdout and stderr are files, as a process that is left would keep a pipe."""
        argv = [self.inject, "-r", self.report, "-t", str(seconds)]
        if fault:
            argv += ["-f", fault]
        for i, words in enumerate(commands):
            argv += (["++"] if i else []) + self.command(*words)
        with open(self.top + "/out", "wb+") as out, open(self.top + "/err", "wb+") as err:
            status = subprocess.call(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.top)
            self.settle(2 if status == 0 else 0)
            out.seek(0)
            err.seek(0)
            with open(self.report) as f:
                report = [line.split() for line in f]
            return Outcome(status, out.read().decode(errors="replace"), err.read().decode(errors="replace"), report)

    def plain(self, *words):
        with open(self.top + "/err2", "wb+") as err:
            try:
                status = subprocess.call(self.command(*words), stdin=subprocess.DEVNULL, stdout=err, stderr=err, timeout=10)
            except subprocess.TimeoutExpired:
                status = 124
            err.seek(0)
            return status, err.read().decode(errors="replace")

    def children(self):
        with open(f"/proc/self/task/{os.getpid()}/children") as f:
            return {int(word) for word in f.read().split()} - self.base

    def reap(self):
        for pid in self.children():
            os.waitpid(pid, os.WNOHANG)

    def settle(self, seconds=0.0):
        """Reaps; with seconds waits for the end of what ends by itself."""
        end = time.monotonic() + seconds
        while True:
            self.reap()
            if not self.children() or time.monotonic() >= end:
                return
            time.sleep(0.002)

    def leftovers(self, ident):
        found = []
        records = [n for n in os.listdir(self.root) if not n.startswith(".")] if os.path.isdir(self.root) else []
        found += ["record " + n for n in records if n == ident]
        for folder, names, _ in os.walk(CGROUPS):
            found += ["cgroup " + n for n in names if ident in n]
            if folder.count("/") > 4:
                names.clear()
        with open("/proc/self/mountinfo") as f:
            found += ["mount " + line.split()[4] for line in f if self.top + "/" in line.split()[4]]
        found += [f"process {pid}" for pid in self.children()]
        return found

    def bundle(self, name, args, edit=None):
        path = f"{self.top}/{name}"
        rootfs = path + "/rootfs"
        for folder in ("bin", "proc", "sys", "dev", "etc/ro", "etc/masked", "tmp"):
            os.makedirs(f"{rootfs}/{folder}")
        shutil.copy(self.probe, rootfs + "/bin/probe")
        with open(rootfs + "/etc/passwd", "w") as f:
            f.write("root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n")
        subprocess.check_call([self.knarr, "spec"], cwd=path)
        with open(path + "/config.json") as f:
            config = json.load(f)
        config["process"].update(terminal=False, args=args, oomScoreAdj=100, noNewPrivileges=True,
                                 rlimits=[{"type": "RLIMIT_NOFILE", "soft": 512, "hard": 512}])
        config["hostname"] = "faults"
        linux = config["linux"]
        linux["maskedPaths"] = (linux.get("maskedPaths") or []) + ["/etc/masked"]
        linux["readonlyPaths"] = (linux.get("readonlyPaths") or []) + ["/etc/ro"]
        linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
        config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
                                 "options": ["nosuid", "nodev", "noexec", "size=64k"]})
        linux["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
        if edit:
            edit(config)
        with open(path + "/config.json", "w") as f:
            json.dump(config, f)
        return path


# ---- the commands ------------------------------------------------------------------------------


class Run:
    """A container of its own for each run."""
    name = "run"
    edit = None

    def __init__(self, r):
        self.r, self.ident = r, f"fault-{os.getpid()}-" + re.sub("[^a-z]", "", self.name)
        self.bundle = r.bundle(self.name, ["/bin/probe", "all", *PATHS], self.edit)

    def commands(self):
        return [("run", "--bundle", self.bundle, self.ident)]

    def prepare(self):
        pass

    def wrong(self, outcome, reference):
        """What is wrong with a result that was said to be right."""
        if outcome.out == reference.out:
            return None
        want, got = reference.out.splitlines(), outcome.out.splitlines()
        return "status 0 with another result: " + "; ".join(
            ["-" + line for line in want if line not in got][:3] + ["+" + line for line in got if line not in want][:3])

    def finish(self, outcome):
        """Removes what the command made; what is wrong with that."""
        if outcome.status == 0 and not self.r.leftovers(self.ident):
            return None
        left = self.r.leftovers(self.ident)
        for turn in ("first", "second"):
            status, said = self.r.plain("delete", "--force", self.ident)
            if status != 0 or (turn == "second" and said):
                return f"{turn} delete --force: status {status}: {said.strip()} (left before: {left})"
        self.r.settle(2)
        left = self.r.leftovers(self.ident)
        return "left: " + ", ".join(left) if left else None

    def reset(self):
        """After a failure: the next run begins clean."""
        for pid in self.r.children():
            os.kill(pid, signal.SIGKILL)
        self.r.settle(1)
        self.r.plain("delete", "--force", self.ident)
        shutil.rmtree(f"{self.r.root}/{self.ident}", ignore_errors=True)


class RunUserns(Run):
    name = "run-userns"

    @staticmethod
    def edit(config):
        maps = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        config["linux"]["namespaces"].append({"type": "user"})
        config["linux"].update(uidMappings=maps, gidMappings=maps)
        del config["linux"]["sysctl"]
        config["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [50]}


class RunFilter(Run):
    """With a seccomp profile that no cache knows: the loader is asked."""
    name = "run-seccomp"

    @staticmethod
    def edit(config):
        config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["kexec_load", "acct"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
        config["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [50]}
        config["hooks"] = {"createContainer": [{"path": "/bin/true"}], "poststop": [{"path": "/bin/true"}]}

    def prepare(self):
        shutil.rmtree(self.r.root + "/.cache", ignore_errors=True)


class CreateStart(Run):
    name = "create+start"

    def commands(self):
        return [("create", "--bundle", self.bundle, self.ident), ("start", self.ident)]

    def finish(self, outcome):
        self.r.settle(2 if outcome.status == 0 else 0)
        return super().finish(outcome)


class Delete(Run):
    name = "delete"

    def __init__(self, r):
        super().__init__(r)
        with open(self.bundle + "/config.json") as f:
            config = json.load(f)
        config["process"]["args"] = ["/bin/probe", "sleep", "1000"]
        with open(self.bundle + "/config.json", "w") as f:
            json.dump(config, f)

    def prepare(self):
        status, said = self.r.plain("run", "-d", "--bundle", self.bundle, self.ident)
        if status:
            raise RuntimeError(said)

    def commands(self):
        return [("delete", "--force", self.ident)]

    def wrong(self, outcome, reference):
        self.r.settle(2)
        left = self.r.leftovers(self.ident)
        return "status 0, and left: " + ", ".join(left) if left else None


class Standing(Run):
    """Acts on a container that stands for all runs."""
    def __init__(self, r):
        self.r, self.ident = r, f"fault-{os.getpid()}-" + re.sub("[^a-z]", "", self.name)
        self.bundle = r.bundle(self.name, ["/bin/probe", "sleep", "1000"], self.edit)

    def prepare(self):
        if self.r.base:
            return
        before = self.r.children()
        status, said = self.r.plain("run", "-d", "--bundle", self.bundle, self.ident)
        if status:
            raise RuntimeError(said)
        self.r.reap()
        self.r.base = self.r.children() - before

    def finish(self, outcome):
        self.r.settle(0.5)
        if self.r.children():
            return f"left: processes {self.r.children()}"
        status, said = self.r.plain("state", self.ident)
        return None if status == 0 and '"running"' in said else "the container does not run any more: " + said

    def reset(self):
        self.r.base = set()
        super().reset()


class Exec(Standing):
    name = "exec"

    def commands(self):
        return [("exec", "--user", "1000:1000", self.ident, "/bin/probe", "all", *PATHS)]


class Update(Exec):
    name = "update"
    turn = False

    def prepare(self):
        super().prepare()
        self.turn = not self.turn
        with open(self.r.top + "/update.json", "w") as f:
            rules = [{"allow": False, "access": "rwm"}]
            if self.turn:
                rules.append({"allow": True, "type": "c", "major": 1, "minor": 1, "access": "rwm"})
            json.dump({"devices": rules}, f)

    def commands(self):
        return [("update", "-r", self.r.top + "/update.json", self.ident)]

    def wrong(self, outcome, reference):
        return None


class MountsAdd(Exec):
    name = "mounts add"

    @staticmethod
    def edit(config):
        config["root"]["readonly"] = False

    def prepare(self):
        super().prepare()
        self.r.plain("mounts", "remove", self.ident, self.file())

    def file(self):
        path = self.r.top + "/mounts.json"
        if not os.path.exists(path):
            with open(path, "w") as f:
                json.dump([{"destination": "/added", "type": "tmpfs", "source": "tmpfs",
                                       "options": ["nosuid", "nodev", "noexec", "ro"]}], f)
        return path

    def commands(self):
        return [("mounts", "add", self.ident, self.file())]

    def shown(self):
        return self.r.plain("exec", self.ident, "/bin/probe", "mnt", "/added")[1]

    @staticmethod
    def whole(shown):
        return all(word in shown for word in ("nosuid", "nodev", "noexec", "ro"))

    def wrong(self, outcome, reference):
        shown = self.shown()
        return None if self.whole(shown) else "status 0, and the mount is: " + shown

    def finish(self, outcome):
        """A kill may come between the mount's being whole and the exit; then it stays, whole. Otherwise it is taken back."""
        killed = any(line[0] == "died" for line in outcome.report)
        end = time.monotonic() + (1 if killed else 0)
        while outcome.status:
            shown = self.shown()
            if "tmpfs" not in shown:
                break
            if time.monotonic() >= end:
                if killed and self.whole(shown):
                    break
                return "failed, and the mount is there: " + shown
            time.sleep(0.05)
        return super().finish(outcome)


COMMANDS = [Run, RunUserns, RunFilter, CreateStart, Delete, Exec, Update, MountsAdd]


# ---- the judge -----------------------------------------------------------------------------------


def judge(scene, outcome, reference, killed):
    """What is wrong, or None; outcome's fault was hit."""
    words = [line[0] for line in outcome.report]
    problems = []
    if "timeout" in words:
        problems.append("does not end")
    for line in outcome.report:
        # The C library's own dynamic linker faults where it is refused memory. That is told as the failure it is: below.
        linker = line[1] == "loader" and outcome.status != 0
        if line[0] == "died" and int(line[2]) != signal.SIGKILL and not linker:
            problems.append(f"{line[1]} was ended by signal {line[2]}")
    if outcome.status == 0:
        wrong = scene.wrong(outcome, reference)
        if wrong and not killed:
            problems.append(wrong)
    elif not killed and "timeout" not in words and len(outcome.err.strip()) < 12:
        problems.append(f"status {outcome.status} without a message: '{outcome.err.strip()}'")
    after = scene.finish(outcome)
    if after:
        problems.append(after)
    return "; ".join(problems) or None


def syscall_names():
    names = {}
    try:
        text = subprocess.check_output(["gcc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"], text=True)
    except (OSError, subprocess.CalledProcessError):
        return names
    for name, number in re.findall(r"#define __NR_(\w+) (\d+)", text):
        names[number] = name
    return names


class Sweep:
    def __init__(self, runner, options):
        self.r, self.options = runner, options
        self.names = syscall_names()
        self.failures = collections.defaultdict(list)
        self.counts = collections.Counter()
        self.keys = []

    def one(self, scene, reference, role, number, fault):
        key = (scene.name, role, fault)
        scene.prepare()
        code = "kill" if fault == "SIGKILL" else str(FAULTS[fault])
        outcome = self.r.run(*scene.commands(), fault=f"{role}:{number}:{code}")
        hit = next((line for line in outcome.report if line[0] == "hit"), None)
        problem = judge(scene, outcome, reference, fault == "SIGKILL")
        if hit:
            self.counts[key] += 1
        if problem:
            call = self.names.get(hit[3], hit[3]) if hit else "no call"
            self.failures[key].append(f"{role} call {number} ({call}): {problem}")
            scene.reset()
        return hit is not None

    def scene(self, make, share):
        scene = make(self.r)
        try:
            self.sweep(scene, share)
        except RuntimeError as problem:
            key = (scene.name, "all", "none")
            self.keys.append(key)
            self.failures[key].append(str(problem))
        finally:
            self.r.base = set()
            scene.reset()

    def sweep(self, scene, share):
        scene.prepare()
        first = self.r.run(*scene.commands())
        if first.status != 0:
            raise RuntimeError(f"{scene.name} fails without a fault: {first.err}")
        scene.finish(first)
        scene.prepare()
        reference = self.r.run(*scene.commands())
        scene.finish(reference)
        calls = {line[1]: int(line[2]) for line in reference.report if line[0] == "calls"}
        faults = [*FAULTS, "SIGKILL"]
        todo = [(role, n, fault) for role in calls for n in range(1, calls[role] + 1) for fault in faults
                if not (role == "loader" and fault == "SIGKILL")]
        self.keys += [(scene.name, role, fault) for role in calls if calls[role] for fault in faults
                      if not (role == "loader" and fault == "SIGKILL")]
        if share:
            random.Random(f"{self.options.seed} {scene.name}").shuffle(todo)
        end = time.monotonic() + share if share else None
        for role, n, fault in todo:
            if end and time.monotonic() > end:
                break
            self.one(scene, reference, role, n, fault)

    def report(self):
        print(f"1..{len(self.keys)}")
        for i, key in enumerate(self.keys, 1):
            bad = self.failures[key]
            print(f"{'not ' if bad else ''}ok {i} {key[0]}: {key[1]}: {key[2]} ({self.counts[key]} calls)")
            for line in bad[:8]:
                print("# " + line.replace("\n", " | ")[:500])
        print("# command, role: fault injected/clean ...")
        for name, role in dict.fromkeys(key[:2] for key in self.keys):
            print(f"# {name}, {role}: " + ", ".join(
                f"{k[2]} {self.counts[k]}/{self.counts[k] - len(self.failures[k])}" for k in self.keys if k[:2] == (name, role)))
        total = sum(self.counts.values())
        bad = sum(len(v) for v in self.failures.values())
        print(f"# injected {total}, clean {total - bad}, failing {bad}; seed {self.options.seed}")
        return 1 if bad or not total else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--seed", default=os.environ.get("SEED", "1"))
    parser.add_argument("--only", default="")
    parser.add_argument("knarr")
    parser.add_argument("helpers")
    options = parser.parse_args()
    sweep = Sweep(Runner(options.knarr, options.helpers), options)
    wanted = [c for c in COMMANDS if not options.only or c.name in options.only.split(",")]
    for make in wanted:
        sweep.scene(make, options.seconds / len(wanted))
    return sweep.report()


sys.exit(main())
