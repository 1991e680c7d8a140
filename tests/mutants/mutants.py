#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
mutants.py [--third [N]] [--seconds S] [--list] [ID...]: takes one protection out of knarr, builds it, and runs the test
that must fail then.

tests/mutants/table.toml has the mutants. All of it happens in a copy of the tree; the tests run by tests/isolated. Each
killer runs once without a mutant, and must pass. A mutant is at fault when its text does not apply, when it does not
build, when its killer passes, and when its killer only runs out of time. Writes TAP. Needs root.

  --third [N]  only each third mutant from the N-th; without N the commit says which, or the day where there is no git
  --seconds S  begins no mutant after that time
  --list       prints the mutants and their killers
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = TOP + "/tests/mutants/table.toml"
KILLER_SECONDS = 60
BUILD_SECONDS = 300


class Fault(Exception):
    pass


def run(argv, seconds, **more):
    """Status and output; the status is None when the time was over. Nothing of the command is left."""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True, **more) as p:
        try:
            out = p.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            return None, p.communicate()[0].decode(errors="replace")
        return p.returncode, out.decode(errors="replace")


def git(*argv):
    try:
        return subprocess.check_output(["git", "-C", TOP, "-c", "safe.directory=" + TOP, *argv], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return b""


def the_third():
    commit = git("rev-parse", "HEAD").decode().strip()
    return (int(commit, 16), "the commit") if commit else (int(time.time() // 86400), "the day")


class Tree:
    """The copy, built."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="knarr-mutants.")
        os.chmod(self.top, 0o755)
        self.src = self.top + "/tree"
        self.build = self.src + "/build"
        self.log = open(self.top + "/log", "w", encoding="utf-8")
        self.good = {}
        os.mkdir(self.src)
        files = git("ls-files", "-co", "--exclude-standard", "-z")
        archive = self.top + "/tar"
        what = ["--null", "-T", "-"] if files else ["--exclude=./build", "."]
        subprocess.run(["tar", "-C", TOP, "--ignore-failed-read", "-cf", archive, *what], input=files, check=True)
        subprocess.check_call(["tar", "-C", self.src, "--no-same-owner", "-xf", archive])
        os.unlink(archive)
        self.must([self.src + "/scripts/build.sh"], self.src)
        self.make("helpers")

    def must(self, argv, where):
        status, out = run(argv, 2 * BUILD_SECONDS, cwd=where)
        self.log.write(f"$ {argv}\n{out}")
        self.log.flush()
        if status != 0:
            raise Fault("does not build: " + " | ".join(out.splitlines()[-3:]))

    def make(self, *targets):
        self.must(["make", "-s", "-j2", "CFLAGS=-O1 -w", *targets], self.build)

    def target(self, mutant):
        return "tests/" + mutant["test"] if mutant["test"].startswith("unit/") else "knarr"

    def killer(self, mutant):
        """What the test says: "pass", "fail", "time", or "skip" and the reason."""
        env = dict(os.environ, LC_ALL="C.UTF-8", TMPDIR="/tmp", BATS_TEST_TIMEOUT=str(KILLER_SECONDS - 15))
        for name, path in {"RT": "knarr", "KNARR": "knarr", "HELPERS": "tests/helpers", "PROBE": "tests/helpers/probe"}.items():
            env[name] = f"{self.build}/{path}"
        isolated = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", self.src + "/tests/isolated"]
        if mutant.get("unified"):
            isolated.append("-2")
        isolated += ["-w", self.top]
        if mutant["test"].startswith("unit/"):
            command = [f"{self.build}/tests/{mutant['test']}"]
            env["srcdir"] = self.src
        else:
            command = ["bats", "--formatter", "tap", "-f", mutant["filter"], f"{self.src}/tests/{mutant['test']}"]
        begin = time.monotonic()
        status, out = run(isolated + command, KILLER_SECONDS, env=env, cwd=self.build)
        self.log.write(f"$ {mutant['id']}: {command}\n{out}\nstatus {status}\n")
        self.log.flush()
        late = time.monotonic() - begin > KILLER_SECONDS - 16
        bad = re.findall(r"^not ok .*$", out, re.M)
        if status is None or (bad and all("# timeout" in line for line in bad)) or (status and late and not bad):
            return "time"
        if command[0] != "bats":
            return "fail" if status else "pass"
        if bad:
            return "fail"
        if status:
            return "skip the test cannot run"
        oks = re.findall(r"^ok .*$", out, re.M)
        skipped = [line for line in oks if "# skip" in line]
        if len(oks) == len(skipped):
            return "skip " + (skipped[0].partition("# skip")[2].strip() if skipped else "no test of this name")
        return "pass"

    def baseline(self, mutant):
        key = (mutant["test"], mutant.get("filter"))
        if key not in self.good:
            self.make("knarr", self.target(mutant))
            self.good[key] = self.killer(mutant)
        return self.good[key]

    def verdict(self, mutant):
        """None: killed. "# SKIP ...": the host cannot say. Anything else is a fault."""
        path = f"{self.src}/{mutant['file']}"
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if text.count(mutant["old"]) != 1:
            return f"does not apply: the old text is there {text.count(mutant['old'])} times"
        before = self.baseline(mutant)
        if before.startswith("skip ") and "the test cannot run" not in before and "no test" not in before:
            return "# SKIP " + before[5:]
        if before != "pass":
            return f"its test does not pass without it: {before}"
        try:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text.replace(mutant["old"], mutant["new"]))
            self.make(self.target(mutant))
            after = self.killer(mutant)
        except Fault as fault:
            return str(fault)
        finally:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        if after == "fail" or (after == "time" and mutant.get("hangs")):
            return None
        return "its test only runs out of time" if after == "time" else f"survives ({after})"


def check_table(mutants):
    ids = [m["id"] for m in mutants]
    for m in mutants:
        unit = m["test"].startswith("unit/")
        if ids.count(m["id"]) != 1 or unit == ("filter" in m) or not re.fullmatch(r"R[0-9]+", m["rule"]):
            raise SystemExit(f"table.toml: {m['id']}: the id is there twice, the filter is missing or the rule is no rule")
        if not os.path.exists(f"{TOP}/tests/{m['test']}{'.c' if unit else ''}"):
            raise SystemExit(f"table.toml: {m['id']}: there is no tests/{m['test']}")


def chosen(options):
    with open(TABLE, "rb") as f:
        mutants = tomllib.load(f)["mutant"]
    check_table(mutants)
    if options.ids:
        return [m for m in mutants if m["id"] in options.ids]
    if options.third is None:
        return mutants
    number, source = the_third() if options.third < 0 else (options.third, "the caller")
    print(f"# third {number % 3 + 1} of 3, as {source} says")
    mutants = mutants[number % 3::3]
    begin = number // 3 % max(len(mutants), 1)  # so that a bound in time leaves out others each time
    return mutants[begin:] + mutants[:begin]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--third", type=int, nargs="?", const=-1)
    parser.add_argument("--seconds", type=int, default=86400)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("ids", nargs="*")
    options = parser.parse_args()
    mutants = chosen(options)
    if options.list:
        for m in mutants:
            print(f"{m['rule']}\t{m['id']}\t{m['file']}\t{m['test']}\t{m.get('filter', '')}")
        return 0
    print(f"1..{len(mutants)}", flush=True)
    tree, count = Tree(), {"killed": 0, "skipped": 0, "bad": 0}
    begin = time.monotonic()
    for i, m in enumerate(mutants, 1):
        late = time.monotonic() - begin > options.seconds
        verdict = "# SKIP out of time" if late else tree.verdict(m)
        kind = "killed" if verdict is None else "skipped" if verdict.startswith("# SKIP") else "bad"
        count[kind] += 1
        name = f"{i} {m['rule']} {m['id']}"
        print(f"not ok {name}" if kind == "bad" else f"ok {name} {verdict or ''}".rstrip(), flush=True)
        if kind == "bad":
            print(f"# {m['file']}: {verdict}; {m['test']}", flush=True)
    print(f"# {count['killed']} of {len(mutants)} killed, {count['skipped']} skipped, {time.monotonic() - begin:.0f} s")
    if not count["bad"]:
        shutil.rmtree(tree.top, ignore_errors=True)
    else:
        print("# see " + tree.log.name)
    return 1 if count["bad"] or not count["killed"] else 0


sys.exit(main())
