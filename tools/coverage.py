#!/usr/bin/env python3
"""Says which share of src the tests ran, from the counts of lines that llvm-cov exports.

    tools/coverage.py ROOT LINES.lcov [--document FILE] [--lines FILE...]

Exit code 1: less than OF_ALL of all lines, or less than OF_MOST of those that stand between a user and a loss of data.
"""

import argparse
import collections
import pathlib
import sys

OF_ALL, OF_MOST = 92.0, 97.0  # Per cent.
MOST = {
    "write-ahead log": ["src/wal/"],
    "manifest": ["src/catalog/manifest", "src/catalog/catalog", "src/tree/version_edit"],
    "recovery": ["src/engine/recovery", "src/wal/log_recovery", "src/wal/segment_reader"],
    "table reader": [f"src/sstable/{name}" for name in ("table_reader", "table_cursor", "table_file", "block")],
}
BEGIN, END = "<!-- coverage: written by bin/coverage -->", "<!-- end of coverage -->"


def read(root, lcov):
    """{file: {line: count}}, each line once, however many templates were made of it."""
    files, lines = collections.defaultdict(dict), {}
    for entry in open(lcov, encoding="utf-8"):
        kind, _, value = entry.rstrip().partition(":")
        if kind == "SF":
            lines = files[str(pathlib.Path(value).relative_to(root))]
        elif kind == "DA":
            number, count = (int(field) for field in value.split(",")[:2])
            lines[number] = max(lines.get(number, 0), count)
    return files


def share(files, prefixes):
    counts = [count for file, lines in files.items() if file.startswith(tuple(prefixes)) for count in lines.values()]
    ran = sum(count > 0 for count in counts)
    return len(counts), ran, 100.0 * ran / len(counts) if counts else 0.0


def table(files):
    rows = [(folder, share(files, [folder + "/"])) for folder in sorted({"/".join(f.split("/")[:2]) for f in files})]
    rows += [(name, share(files, prefixes)) for name, prefixes in MOST.items()]
    rows.append(("all", share(files, [""])))
    text = ["| of | lines | run by a test | per cent |", "|---|---|---|---|"]
    return text + [f"| {name} | {lines} | {ran} | {per_cent:.1f} |" for name, (lines, ran, per_cent) in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root")
    parser.add_argument("lcov")
    parser.add_argument("--document")
    parser.add_argument("--lines", nargs="*", default=[])
    arguments = parser.parse_args()
    files = read(arguments.root, arguments.lcov)
    text = table(files)
    print("\n".join(text))
    print("\ncovered least:")
    least = sorted((share(files, [file])[2], file) for file in files)
    print("\n".join(f"{per_cent:6.1f} {file}" for per_cent, file in least[:12]))
    for name in arguments.lines:
        missed = [str(line) for line, count in sorted(files[name].items()) if count == 0]
        print(f"{name}: not run: {', '.join(missed) or 'none'}")
    if arguments.document:
        path = pathlib.Path(arguments.document)
        before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
        _, found, after = rest.partition(END)
        if not found:
            sys.exit(f"{path}: no line {BEGIN} with {END} after it")
        path.write_text(before + BEGIN + "\n" + "\n".join(text) + "\n" + END + after, encoding="utf-8")
    gone = [prefix for prefixes in MOST.values() for prefix in prefixes if not share(files, [prefix])[0]]
    if gone:
        sys.exit(f"no file is there whose lines would count: {', '.join(gone)}")
    too_low = [name for name, prefixes in MOST.items() if share(files, prefixes)[2] < OF_MOST]
    if share(files, [""])[2] < OF_ALL:
        too_low.append("all")
    if too_low:
        sys.exit(f"covered too little: {', '.join(too_low)} ({OF_ALL} % of all, {OF_MOST} % of the named)")


main()
