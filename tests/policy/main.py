# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of each topic with each runtime and compares what the containers were given. See tests/policy/run."""
import importlib
import os
import random
import re
import sys
from concurrent.futures import ThreadPoolExecutor

from policy import Case, Runtime

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ("topic", "kind", "case", "fact", "reason")


class Exceptions:
    """The rows of exceptions.tsv: topic, and expressions that the whole of kind, case and fact matches."""

    def __init__(self, path):
        self.rows, self.used, self.by_topic = [], set(), {}
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                if line.strip() and not line.startswith("#"):
                    row = dict(zip(COLUMNS, line.rstrip("\n").split("\t")))
                    if len(row) != len(COLUMNS) or not row["reason"].strip():
                        sys.exit(f"{path}:{number}: wants the columns {', '.join(COLUMNS)}")
                    self.rows.append((number, row))

    def allows(self, topic, kind, case, fact):
        for number, row in self.rows:
            if row["topic"] == topic and re.fullmatch(row["kind"], kind) and re.fullmatch(row["case"], case) \
                    and re.fullmatch(row["fact"], fact):
                self.used.add(number)
                self.by_topic.setdefault(topic, set()).add(number)
                return True
        return False

    def stale(self, topics, kinds):
        return [(n, r) for n, r in self.rows if r["topic"] in topics and any(re.fullmatch(r["kind"], k) for k in kinds) and n not in self.used]


def compare(case, topic, results):
    """Yields (kind, fact, words). "start" is the fact that the container started."""
    sets = {name: {"start"} | topic.facts(seen) if seen is not None else set()
            for name, (seen, _) in results.items()}
    ours = sets["knarr"]
    peers = {n: s for n, s in sets.items() if n != "knarr"}
    words = {n: m for n, (_, m) in results.items() if m}
    for name, theirs in peers.items():
        for fact in sorted(ours - theirs if theirs else ours & {"start"}):
            yield f"permits/{name}", fact, words.get(name, "")
    if peers:
        both = set.intersection(*peers.values())
        for fact in sorted(both - ours if ours else both & {"start"}):
            yield "denies", fact, words.get("knarr", "")
    if case.refused:
        if ours:
            yield "model", "start", "the model refuses it"
    elif case.model is not None:
        if not ours:
            yield "model", "start", words.get("knarr", "")
        else:
            for fact in sorted(ours - {"start"} - case.model):
                yield "model", "+ " + fact, "knarr permits it, the model does not"
            for fact in sorted(case.model - ours):
                yield "model", "- " + fact, "the model permits it, knarr does not"


def run_topic(name, runtimes, seed, verbose, exceptions, tap):
    topic = importlib.import_module("topic_" + name)
    cases = list(topic.cases(random.Random(f"{seed} {name}")))
    counts = {"cases": len(cases), "differences": 0, "failures": 0}
    assert len({c.name for c in cases}) == len(cases), "two cases have one name"
    with ThreadPoolExecutor(max_workers=3) as pool:
        jobs = [(c, {r.name: pool.submit(r.observe, c, i) for r in runtimes}) for i, c in enumerate(cases)]
        for case, futures in jobs:
            results = {n: f.result() for n, f in futures.items()}
            failures = []
            for kind, fact, words in compare(case, topic, results):
                counts["differences"] += 1
                if not exceptions.allows(name, kind, case.name, fact):
                    failures.append(f"{kind}\t{case.name}\t{fact}\t{' '.join(words.split())[:300]}")
            counts["failures"] += len(failures)
            tap(not failures, f"{name}: {case.name}", failures)
            if failures and verbose:
                for n, (seen, message) in results.items():
                    print(f"#   {n}: {message or sorted(topic.facts(seen))}")
    counts["exceptions"] = len(exceptions.by_topic.get(name, ()))
    return counts


class Tap:
    def __init__(self):
        self.number, self.bad = 0, 0

    def __call__(self, ok, name, lines=()):
        self.number += 1
        self.bad += not ok
        print(f"{'ok' if ok else 'not ok'} {self.number} {name}")
        for line in lines:
            print(f"#   {line}")
        sys.stdout.flush()


def main(arguments):
    options = {a for a in arguments if a.startswith("--")}
    topics = [a for a in arguments if not a.startswith("--")]
    if options - {"--no-peers", "--verbose"}:
        sys.exit("usage: tests/policy/run [--no-peers] [--verbose] [TOPIC...]")
    every = sorted(f[len("topic_"):-len(".py")] for f in os.listdir(HERE) if f.startswith("topic_") and f.endswith(".py"))
    seed = os.environ.get("SEED") or "1"
    runtimes = [Runtime("knarr", os.environ["WORK"] + "/knarr")]
    if os.environ.get("PEERS"):
        runtimes += [Runtime(n, f"{os.environ['PEERS']}/bin/{n}") for n in ("runc", "crun")]
    tap, exceptions, table = Tap(), Exceptions(HERE + "/exceptions.tsv"), []
    print(f"# seed {seed}, runtimes: {', '.join(r.name for r in runtimes)}")
    # A peer that cannot run anything here would make every comparison empty.
    for r in runtimes:
        seen, message = r.observe(Case("plain", ["ids"]), 0)
        tap(seen is not None, f"{r.name} runs a plain container", [message] if message else [])
    if tap.bad:
        print(f"1..{tap.number}")
        return 1
    for name in topics or every:
        table.append((name, run_topic(name, runtimes, seed, "--verbose" in options, exceptions, tap)))
    kinds = {"model"} | ({"denies", "permits/runc", "permits/crun"} if len(runtimes) > 1 else set())
    # Cases of another seed may not need a row.
    if seed == "1" and not os.environ.get("PEERS_SUITE"):
        rows = [f"line {n}: {r['topic']} {r['kind']} {r['case']} {r['fact']}"
                for n, r in exceptions.stale(topics or every, kinds)]
        tap(not rows, "each row of exceptions.tsv is needed", rows)
    print(f"1..{tap.number}")
    print(f"# {'topic':14}{'cases':>7}{'differences':>13}{'exceptions':>12}{'failures':>10}")
    for name, c in table:
        print(f"# {name:14}{c['cases']:7}{c['differences']:13}{c['exceptions']:12}{c['failures']:10}")
    total = {k: sum(c[k] for _, c in table) for k in ("cases", "differences", "exceptions", "failures")}
    print(f"# {'all':14}{total['cases']:7}{total['differences']:13}{total['exceptions']:12}{total['failures']:10}")
    return 1 if tap.bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
