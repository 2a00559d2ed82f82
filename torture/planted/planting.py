"""Deliberate bugs, and a copy of src that holds them all, each armed by its name when a program starts.

    planting.py ROOT COPY    copies ROOT/src into COPY, with every planted bug in it; writes only what changed
    planting.py ROOT         prints the files of the server that have bugs, separated by semicolons

Of ROOT/server only files with bugs are copied: they take the place of the server's own when a program is linked, so a
bug of it lies in a .cc file.

The bugs are data, in *.toml beside this file: each is a text of src or server that occurs once (`find`), a statement or
an expression, and what stands there when the bug is armed (`replace`). Where neither will do, as for a declaration, the
replacement holds the word ARMED, and is what stands there in any case. A bug that two places guard against changes
both (`also`). The calls that make something durable are found in src itself, and each can be left out, so that a new
call is covered without an entry; `call` names the suite where that is not `power`.

Product code knows nothing of all this. A program that is linked with the copy plants the bug that the environment
variable AMETHYST_PLANTED names, and none without it.
"""
import dataclasses
import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

ARMED_HEADER = """\
// Which planted bug is armed, by its name; see torture/planted/planting.py.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace amethyst::planted {

inline const std::string kArmed = [] {
  const char* const name = std::getenv("AMETHYST_PLANTED");
  return std::string(name == nullptr ? "" : name);
}();

// Says so when the bug is met first: one that no suite catches may be one that none comes to.
inline bool Armed(std::string_view name) {
  if (kArmed != name) [[likely]] return false;
  static const int told = std::fputs("planted bug reached\\n", stderr);
  return told >= 0;
}

}  // namespace amethyst::planted
"""

# What makes writes, names or exchanges durable, as the callers of io and of the log write it.
DURABLE_CALL = re.compile(r"\b(Sync|SyncAll|SyncFile|SyncDirectory|Rename)\(")
OBJECT_BEFORE = re.compile(r"(?:(?:\(\*\w+\)|[\w:]+(?:\(\))?)(?:->|\.))*$")
DECLARED_BEFORE = re.compile(r"\b(?!return\b)\w+[&*]? (?:\w+::)?$")
FUNCTION = re.compile(r"^(?:  )?(?=\w)(?!return\b)[\w:<>*&, ]*?(?<!\w)(?!(?:if|for|while|switch)\b)(\w+)\([^;{}]*\)"
                      r"[^;{}()]*\{", re.MULTILINE)
# Files of src that carry such a call out, rather than ask for it.
CARRIES_OUT = re.compile(r"src/io/(posix_|memory_|file_system\.h)")
LEFT_OUT = "a call left out"

# Bugs that took down other databases: each has one here at least.
CLASSES = (
    "torn tail taken for damage", "damage taken for a torn tail", "hole between two log segments",
    "missing directory sync", "failed sync swallowed", "failed sync retried", "write after a failed write",
    "manifest edit before its table is durable", "crash while CURRENT is replaced", "sequence number used twice",
    "file number used twice", "obsolete file deleted while it is read", "file changed by a read-only open",
    "snapshot dropped by compaction", "sequence zeroed under a snapshot", "user key split across files",
    "iterator bounds", "change of direction", "filter asked with another hash", "cache keys that collide",
    "read error taken for the end", "short read", "interrupted call", "out of descriptors", "disk full during flush",
    "disk full during compaction", "read-only file system", "zero-length file", "missing file", "swapped file",
    "truncated file", "extra file", "huge length", "Close during flush", "Close during compaction",
    "Close during iteration", "destructor without Close", "clock jump", "two owners", "newer format taken for ours",
    "deleted data that stays", "late sync", "charge that outlives its cause", "little that adds up",
    "optimisation taken for a need", "damage that costs more than it touched", "manifest that outgrows its reader",
    "old value taken by a repair", "wrong version of a key", "another file's name", "fork", "out of memory",
    "out of threads", "file size limit", "comparator that throws", "partial flush of families",
    "write into what was dropped", "job of what was dropped", "family id used twice", "merge in the wrong order",
    "merge across a snapshot", "merge without its base", "merge by another operator", "operands lost",
    "deleted keys come back", "expired entry shown", "expired too early", "expiry lost", "range delete lost",
    "range delete hides what is newer", "conflict not seen", "conflict without a reason", "no turn",
    "own writes of a transaction", "live entry taken for dead", "copy not whole", "copy not apart", "damage not seen",
    "another database's table", "bound that leaves out keys", "change not told", "consumer ahead of the database",
    "consumer beside the history", "log gone that a consumer needs", "lost wake-up", "memory beyond the budget",
    "index beside its data", "wait where none is allowed", "wait for one read after the other",
    "state that no writer had", "figures of two moments", "harm by mere figures", "answer before its sync",
    "answer before its write", "answer lost", "write not seen", "failed write swallowed", "lost write shown",
    "transaction not whole", "watched key changed unseen", "request in pieces", "answers out of order",
    "element given twice", "cursor that skips", "id used twice", "count that drifts", "acknowledged change lost",
    "waiter not served", "use of what has gone", "stranger let in", "told of what was not done",
    "effects of a script")


class PlantingError(Exception):
    """The list and src do not fit together."""


@dataclasses.dataclass(frozen=True)
class Edit:
    """`replacement` stands in place of the text from `begin` to `end` when the bug is armed."""
    bug: str
    file: str
    begin: int
    end: int
    replacement: str


@dataclasses.dataclass(frozen=True)
class Bug:
    name: str
    kind: str  # A class of bugs that took down others.
    suite: str  # Of amethyst_torture, or a test program: what must fail.
    filter: str = ""  # Which of the program's tests.
    seed: int = 1  # Where the suite begins.
    quick: bool = False  # Belongs to the test command.


def call_end(text, opening):
    """Where the call ends whose arguments begin at `opening`."""
    depth = 0
    for position in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position + 1
    raise PlantingError(f"a call at {opening} does not end")


def enclosing_function(text, position):
    names = [match[1] for match in FUNCTION.finditer(text, 0, position)]
    return names[-1] if names else "file"


def durable_calls(file, text):
    """(name, begin, end) of each call in `text` that makes something durable; named by the function that it is in."""
    taken = {}
    for match in DURABLE_CALL.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        begin = match.start() - len(OBJECT_BEFORE.search(line)[0])
        if "//" in line or DECLARED_BEFORE.search(text[:begin]) or line.endswith("::"):
            continue
        name = f"{match[1]} in {file.removeprefix('src/')} {enclosing_function(text, match.start())}"
        taken[name] = taken.get(name, 0) + 1
        yield name if taken[name] == 1 else f"{name} {taken[name]}", begin, call_end(text, match.end() - 1)


def is_of_server(file):
    return file.startswith("server/")


def edit_of(bug, entry, sources):
    find = entry["find"].strip("\n")
    text = sources.get(entry["file"], "")
    if text.count(find) != 1:
        raise PlantingError(f"{bug}: {entry['file']}: expected once, found {text.count(find)} times: {find}")
    if is_of_server(entry["file"]) and not entry["file"].endswith(".cc"):
        raise PlantingError(f"{bug}: {entry['file']}: a bug of the server lies in a .cc file")
    begin = text.index(find)
    return Edit(bug, entry["file"], begin, begin + len(find), entry["replace"].strip("\n"))


def bug_of(name, kind, entry):
    return Bug(name, kind, **{key: entry[key] for key in ("suite", "filter", "seed", "quick") if key in entry})


def read_list(sources, directory=HERE):
    """All bugs, those listed and those found, and what they change. `sources`: texts by file."""
    bugs, edits, suites = [], [], {}
    for path in sorted(directory.glob("*.toml")):
        content = tomllib.loads(path.read_text())
        suites |= content.get("call", {})
        for entry in content.get("bug", []):
            if entry["class"] not in CLASSES:
                raise PlantingError(f"{entry['name']}: no such class: {entry['class']}")
            bugs.append(bug_of(entry["name"], entry["class"], entry))
            edits += [edit_of(entry["name"], part, sources) for part in (entry, *entry.get("also", []))]
    for file, text in sources.items():
        if CARRIES_OUT.match(file) or is_of_server(file):
            continue
        for name, begin, end in durable_calls(file, text):
            kind = "missing directory sync" if name.startswith("SyncDirectory") else LEFT_OUT
            bugs.append(bug_of(name, kind, {"suite": "power"} | suites.pop(name, {})))
            edits.append(Edit(name, file, begin, end, "Status()"))
    if suites:
        raise PlantingError(f"src has no such calls: {', '.join(suites)}")
    names = [bug.name for bug in bugs]
    if len(set(names)) != len(names):
        raise PlantingError(f"names that occur twice: {sorted({name for name in names if names.count(name) > 1})}")
    return bugs, edits


def choice(edit, original):
    armed = f'::amethyst::planted::Armed("{edit.bug}")'
    if "ARMED" in edit.replacement:
        return edit.replacement.replace("ARMED", armed)
    if original.endswith((";", "}")):
        return f"if ({armed}) {{ {edit.replacement} }} else {{ {original} }}"
    return f"({armed} ? ({edit.replacement}) : ({original}))"


def plant(text, edits):
    """`text` with a choice at each edit. One may lie within another, or at the same place."""

    def render(begin, end, inner):
        out = ""
        while inner:
            outer, *rest = inner
            within = [edit for edit in rest if edit.begin < outer.end]
            for edit in within:
                if edit.end > outer.end or "ARMED" in outer.replacement:
                    raise PlantingError(f"{outer.bug} and {edit.bug} overlap")
            out += text[begin:outer.begin] + choice(outer, render(outer.begin, outer.end, within))
            begin, inner = outer.end, rest[len(within):]
        return out + text[begin:end]

    return render(0, len(text), sorted(edits, key=lambda edit: (edit.begin, -edit.end)))


def read_sources(root):
    return {str(path.relative_to(root)): path.read_text() for folder in ("src", "server")
            for path in sorted((root / folder).rglob("*.[ch]*"))}


def server_files(root):
    return sorted({edit.file for edit in read_list(read_sources(root))[1] if is_of_server(edit.file)})


def write_copy(root, copy):
    sources = read_sources(root)
    _, edits = read_list(sources)
    copies = {"src/base/planted.h": ARMED_HEADER, "server/base/planted.h": ARMED_HEADER}
    for file, text in sources.items():
        here = [edit for edit in edits if edit.file == file]
        if is_of_server(file) and not here:
            continue
        copies[file] = '#include "base/planted.h"\n#line 1\n' + plant(text, here) if here else text
    for file, text in copies.items():
        path = copy / file
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__)
        return 2
    try:
        if len(sys.argv) == 2:
            print(";".join(server_files(pathlib.Path(sys.argv[1]))), end="")
        else:
            write_copy(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    except PlantingError as error:
        print(f"planting: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
