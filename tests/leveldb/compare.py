#!/usr/bin/env python3
"""Runs a program that is linked to LevelDB on LevelDB and on Amethyst.

    compare.py PROGRAM AMETHYST_DIRECTORY                 the same output; each refuses the other's files
    compare.py --time ROUNDS PROGRAM AMETHYST_DIRECTORY   a table of times, in alternating rounds
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile


def run(program, library_directory, *arguments, database=None):
    environment = dict(os.environ)
    environment.pop("LD_LIBRARY_PATH", None)
    if library_directory:
        environment["LD_LIBRARY_PATH"] = library_directory
    with tempfile.TemporaryDirectory() as scratch:
        finished = subprocess.run([program, database or f"{scratch}/db", *arguments], env=environment,
                                  capture_output=True, text=True, check=True)
        return finished.stdout.replace(scratch, "SCRATCH")


def measure(program, amethyst, rounds, entries):
    times = {"LevelDB": {}, "Amethyst": {}}
    for number in range(rounds):
        for name, directory in (("LevelDB", None), ("Amethyst", amethyst)):
            for line in run(program, directory, "time", str(entries)).splitlines():
                what, seconds = line.split("\t")
                times[name].setdefault(what, []).append(float(seconds))
    print("| work | LevelDB, s | Amethyst, s | times as fast |\n|---|---|---|---|")
    for what, theirs in times["LevelDB"].items():
        ours = times["Amethyst"][what]
        ratio = statistics.median(a / b for a, b in zip(theirs, ours))
        print(f"| {what} | {statistics.median(theirs):.2f} | {statistics.median(ours):.2f} | {ratio:.1f} |")


def check_refusals(program, amethyst):
    with tempfile.TemporaryDirectory() as scratch:
        for name, directory in (("theirs", None), ("ours", amethyst)):
            opened = run(program, directory, "open", database=f"{scratch}/{name}")
            assert opened == "OK\n", opened
        refused = run(program, amethyst, "open", database=f"{scratch}/theirs")
        assert refused.startswith("Invalid argument: "), refused
        assert "amethyst --db NEW_DIRECTORY import --from-leveldb" in refused, refused
        assert run(program, None, "open", database=f"{scratch}/theirs") == "OK\n"
        assert run(program, None, "open", database=f"{scratch}/ours").startswith("Corruption: ")
        assert run(program, amethyst, "open", database=f"{scratch}/ours") == "OK\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("amethyst", metavar="AMETHYST_DIRECTORY")
    parser.add_argument("--time", type=int, metavar="ROUNDS")
    parser.add_argument("--entries", type=int, default=1000000)
    arguments = parser.parse_args()
    if arguments.time:
        return measure(arguments.program, arguments.amethyst, arguments.time, arguments.entries)
    theirs = run(arguments.program, None, "show")
    ours = run(arguments.program, arguments.amethyst, "show")
    assert len(theirs.splitlines()) > 20, theirs
    if theirs != ours:
        print(f"LevelDB says\n{theirs}\nAmethyst says\n{ours}")
        return 1
    check_refusals(arguments.program, arguments.amethyst)
    print(f"the same {len(theirs.splitlines())} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
