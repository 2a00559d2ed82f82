#!/usr/bin/env python3
"""Amethyst's library shows every symbol of LevelDB's that a program can refer to, and nothing else.

    symbols_test.py LEVELDB_LIBRARY AMETHYST_LIBRARY
"""
import re
import subprocess
import sys

# Members of Table and TableBuilder that only these call, and classes inside of functions.
PRIVATE = re.compile(r"leveldb::Table::(BlockReader|InternalGet|ReadFilter|ReadMeta)\(|"
                     r"leveldb::TableBuilder::Write(Raw)?Block\(|leveldb_filterpolicy_create_bloom::|"
                     r"leveldb_writebatch_iterate::")
OF_LEVELDB = re.compile(r"((vtable|typeinfo|typeinfo name) for )?leveldb(::|_)")
# Declared by its headers, but not shown by Debian's library.
DECLARED = {"leveldb::Log(leveldb::Logger*, char const*, ...)"}


def symbols(library):
    listing = subprocess.run(["nm", "-D", "-C", "--defined-only", library], capture_output=True, text=True, check=True)
    return {line.split(maxsplit=2)[2] for line in listing.stdout.splitlines()}


def main():
    theirs, ours = map(symbols, sys.argv[1:3])
    expected = {name for name in theirs if OF_LEVELDB.match(name) and not PRIVATE.search(name)}
    assert len(expected) > 150, f"only {len(expected)} symbols in {sys.argv[1]}"
    missing = sorted((expected | DECLARED) - ours)
    foreign = sorted(name for name in ours if not OF_LEVELDB.match(name))
    surplus = sorted(ours - expected - DECLARED - set(foreign))
    for what, names in (("missing", missing), ("not of LevelDB", foreign), ("not in LevelDB", surplus)):
        for name in names:
            print(f"{what}: {name}")
    print(f"{len(expected)} symbols of LevelDB, {len(missing)} missing, {len(foreign) + len(surplus)} too many")
    return 1 if missing or foreign or surplus else 0


if __name__ == "__main__":
    sys.exit(main())
