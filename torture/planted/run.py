#!/usr/bin/env python3
"""Arms each planted bug in turn and expects its suite to fail; and the same suites to pass without it.

    run.py PROGRAMS                  all bugs; PROGRAMS: the directory of the programs that hold them
    run.py PROGRAMS --quick          those of the test command
    run.py PROGRAMS --only TEXT      those with TEXT in their names, classes or suites
    run.py PROGRAMS --results FILE   enters in the file what each came to, and passes over those that are caught there
    run.py PROGRAMS --document FILE  all of them, and with --results those of the file, and writes their table into
                                     the document, between its two marks

A suite of amethyst_torture goes on from one seed to the next until it finds something, or --seconds are over: then
nothing guards against the bug. The exit code is 0 if all were caught, and nothing was without a bug.
"""
import argparse
import collections
import dataclasses
import json
import math
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

import planting

BEGIN = "<!-- planted: written by torture/planted/run.py -->\n"
END = "<!-- end of planted -->"
ROUND_SECONDS_MAX = 240  # What a suite's last round may take beyond its time; then it hangs.


@dataclasses.dataclass(frozen=True)
class Outcome:
    how: str  # "passes", "reports", "aborts", "crashes", "hangs"
    seconds: float  # Of the processor.
    text: str = ""


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def command_for(programs, suite, filters, seed, seconds, directory):
    if suite.endswith("_test"):
        return [programs / f"{suite}_planted", f"--gtest_filter={':'.join(filters)}", "--gtest_brief=1"]
    return [programs / "amethyst_torture_planted", "--suite", suite, "--seed", str(seed), "--seconds", str(seconds),
            "--directory", directory]


def what_it_says(output):
    lines = output.splitlines()
    telling = [line for line in lines if "violation: " in line or "assertion" in line.lower() or ": Failure" in line
               or "[  FAILED  ]" in line]
    return (telling or lines or [""])[0]


def run(programs, suite, filters, seed, seconds, bug=None):
    """Lets a suite run for `seconds`, with a bug armed or with none."""
    before = processor_seconds()
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "TMPDIR": directory, "AMETHYST_PLANTED": bug or ""}
        process = subprocess.Popen(command_for(programs, suite, filters, seed, seconds, directory), env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                   start_new_session=True)
        try:
            output, _ = process.communicate(timeout=seconds + ROUND_SECONDS_MAX)
            how = {0: "passes", 1: "reports", -signal.SIGABRT: "aborts"}.get(process.returncode, "crashes")
        except subprocess.TimeoutExpired:
            how = "hangs"
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # With what it has started.
            except ProcessLookupError:
                pass
        if how == "hangs":
            output, _ = process.communicate()
    if bug and how == "passes" and "planted bug reached" not in output:
        return Outcome(how, processor_seconds() - before, "the bug was never reached")
    return Outcome(how, processor_seconds() - before, what_it_says(output))


def read_results(path, bugs):
    """What earlier runs have entered of those bugs that are still as they were then."""
    known = json.loads(path.read_text()) if path and path.exists() else {}
    return {bug: Outcome(**known[bug.name]["outcome"]) for bug in bugs
            if known.get(bug.name, {}).get("bug") == dataclasses.asdict(bug)}


def write_results(path, outcomes):
    entries = {bug.name: {"bug": dataclasses.asdict(bug), "outcome": dataclasses.asdict(outcome)}
               for bug, outcome in outcomes.items()}
    path.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n")


def run_bugs(programs, bugs, seconds, results=None, earlier=None):
    outcomes = {}
    for number, bug in enumerate(bugs, 1):
        start = time.monotonic()
        outcome = run(programs, bug.suite, [bug.filter or "*"], bug.seed, seconds, bug.name)
        outcomes[bug] = (outcome, time.monotonic() - start)
        verdict = "NOT CAUGHT" if outcome.how == "passes" else "caught"
        print(f"[{number}/{len(bugs)}] {verdict}: {bug.name}: {bug.suite} {outcome.how} after {outcome.seconds:.1f} s: "
              f"{outcome.text[:150]}", flush=True)
        if results:
            write_results(results, earlier | {done: of for done, (of, _) in outcomes.items()})
    return outcomes


def run_controls(programs, outcomes):
    """Runs, without a bug, what caught one: for as long. Returns the suites that fail."""
    suites = collections.defaultdict(list)
    for bug, (outcome, elapsed) in outcomes.items():
        suites[bug.suite, bug.seed].append((bug.filter or "*", elapsed))
    failed = []
    for (suite, seed), runs in suites.items():
        filters = sorted({name for name, _ in runs})
        outcome = run(programs, suite, filters, seed, math.floor(max(elapsed for _, elapsed in runs)))
        print(f"without a bug: {suite} from seed {seed} {outcome.how} after {outcome.seconds:.1f} s"
              f"{'' if outcome.how == 'passes' else ': ' + outcome.text}", flush=True)
        if outcome.how != "passes":
            failed.append(suite)
    return failed


def table_of(outcomes):
    rows = ["| class | bug | suite | what it does | seconds |", "|---|---|---|---|---|"]
    for bug, outcome in sorted(outcomes.items(), key=lambda item: (item[0].kind.lower(), item[0].name)):
        suite = f"`{bug.suite}`" + (f", `{bug.filter}`" if bug.filter else "")
        how = "**nothing**" if outcome.how == "passes" else outcome.how
        rows.append(f"| {bug.kind} | {bug.name} | {suite} | {how} | {outcome.seconds:.1f} |")
    caught = sum(outcome.how != "passes" for outcome in outcomes.values())
    return f"{len(outcomes)} bugs, {caught} caught.\n\n" + "\n".join(rows) + "\n"


def write_into(document, table):
    text = document.read_text()
    if BEGIN not in text or END not in text:
        sys.exit(f"{document}: it has no lines {BEGIN.strip()!r} and {END!r} to write between")
    head, rest = text.split(BEGIN)
    document.write_text(head + BEGIN + table + END + rest.split(END)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--document", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.document and not arguments.results and (arguments.quick or arguments.only):
        parser.error("a document gets the table of all bugs")
    try:
        listed, _ = planting.read_list(planting.read_sources(planting.ROOT))
    except planting.PlantingError as error:
        sys.exit(f"planting: {error}")
    bugs = [bug for bug in listed if (bug.quick or not arguments.quick) and
            any(arguments.only in text for text in (bug.name, bug.kind, bug.suite))]
    if not bugs:
        parser.error("no such bugs")
    earlier = read_results(arguments.results, listed)
    bugs = [bug for bug in bugs if bug not in earlier or earlier[bug].how == "passes"]
    outcomes = run_bugs(arguments.programs, bugs, arguments.seconds, arguments.results, earlier)
    failed = run_controls(arguments.programs, outcomes)
    if arguments.document:
        write_into(arguments.document, table_of(earlier | {bug: outcome for bug, (outcome, _) in outcomes.items()}))
    missed = [bug.name for bug, (outcome, _) in outcomes.items() if outcome.how == "passes"]
    print(f"{len(bugs)} planted bugs, {len(bugs) - len(missed)} caught{'; not: ' if missed else ''}{', '.join(missed)}")
    return 1 if missed or failed else 0


if __name__ == "__main__":
    sys.exit(main())
