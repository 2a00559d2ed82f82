"""Holds docs/format/reserved.md to the code, to the forgeries and to the answers of earlier builds.

    reserved_test.py ROOT FORGER

No number is given twice. What the code has is "in use" there, and what is in use there the code has. What is reserved
is forged, and what is forged is reserved; both say the same of this build, and of builds of before. Each forgery has
its answers in docs/format/old_builds.md.
"""
import collections
import pathlib
import re
import subprocess
import sys
import unittest

ROOT, FORGER = pathlib.Path(sys.argv[1]), sys.argv[2]

# Where the code has its numbers: a file, the part of it that has them, and a number in that part.
ENUMERATOR = r"\bk\w+ = (\d+)"
NUMBERS = {
    "entry kind": ("src/key/kind.h", r"enum class EntryKind[^{]*\{(.*?)\}", ENUMERATOR),
    "record kind": ("src/wal/log_format.h", r"enum class RecordKind[^{]*\{(.*?)\}", ENUMERATOR),
    "segment version": ("src/wal/log_format.h", r"(kSegmentVersion = .*?kSegmentVersionMax = \d+)", ENUMERATOR),
    "block flag": ("src/sstable/block.h", r"enum Flag[^{]*\{(.*?)\}", ENUMERATOR),
    "block column": ("src/sstable/block.h", r"enum ColumnId[^{]*\{(.*?)\}", ENUMERATOR),
    "summary flag": ("src/sstable/format.h", r"struct IndexEntry \{(.*?)\n\n", r"uint8_t k\w+ = (\d+)"),
    "filter kind": ("src/filter/bloom_filter.cc", r"enum class? Kind[^{]*\{(.*?)\}", ENUMERATOR),
    "codec": ("include/amethyst/options.h", r"enum class Compression[^{]*\{(.*?)\}", ENUMERATOR),
    "manifest field": ("src/tree/version_edit.cc", r"enum Field[^{]*\{(.*?)\}", ENUMERATOR),
}
PROPERTIES = "src/sstable/properties.cc"  # The calls of a visitor, and constants.
# Fields that builds of before the marks may skip, for they lose nothing by it.
MANIFEST_OF_OLD = {*range(1, 10), 17, 20}
REFUSED_BY_OLDER = 22

Row = collections.namedtuple("Row", "mark here before")


def text_of(name):
    return (ROOT / name).read_text()


def numbers_in(cell):
    """"1 to 3" and "1, 2, 3" alike."""
    if " to " in cell:
        first, last = cell.split(" to ")
        return list(range(int(first), int(last) + 1))
    return [int(number) for number in cell.split(", ")]


def cells_of(line):
    return [cell.strip() for cell in line.strip("|\n").split("|")]


def rows_of(text):
    """(where, number) and its row, of each number of each line of the first table."""
    table = text.split("| where | number |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    for line in table:
        where, numbers, _, mark, here, before = cells_of(line)
        for number in numbers_in(numbers):
            yield (where, number), Row(mark, here, before)


def numbers_of_code():
    found = {}
    for where, (name, part, number) in NUMBERS.items():
        text = re.sub(r"//[^\n]*", "", text_of(name))
        parts = re.findall(part, text, re.DOTALL)
        found[where] = {int(n) for n in re.findall(number, parts[0])} if len(parts) == 1 else set()
    properties = text_of(PROPERTIES)
    fields = int(re.search(r"kFields = (\d+);", properties).group(1))
    found["property"] = {int(n) for n in re.findall(r"visit\((\d+),", properties)}
    found["property"] |= {int(n) for n in re.findall(r"constexpr uint64_t k(?!Fields\b)\w+ = (\d+);", properties)}
    found["property"] |= {fields + int(n) for n in re.findall(r"visit\(kFields \+ (\d+),", properties)}
    return found


def forgeries():
    listing = subprocess.run([FORGER, "--list"], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        _, where, number, form, here, before, _ = line.split("\t")
        yield where, int(number), form, here, before


class Reserved(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.listed = list(rows_of(text_of("docs/format/reserved.md")))
        cls.rows = dict(cls.listed)
        cls.forged = [forgery for forgery in forgeries() if forgery[0] != "nothing"]

    def test_no_number_is_given_twice(self):
        counts = collections.Counter(key for key, _ in self.listed)
        self.assertEqual([key for key, count in counts.items() if count > 1], [])

    def test_each_place_in_the_code_is_found(self):
        for where, numbers in numbers_of_code().items():
            self.assertTrue(numbers, f"{where}: the code has its numbers elsewhere; say where in this test")

    def test_what_the_code_has_is_in_use_and_nothing_else(self):
        numbers = numbers_of_code()
        in_code = {(where, number) for where in numbers for number in numbers[where]}
        in_use = {key for key, row in self.rows.items() if row.here == "in use" and key[0] in numbers}
        self.assertEqual(sorted(in_code - in_use), [], "in the code, and not in use by docs/format/reserved.md")
        self.assertEqual(sorted(in_use - in_code), [], "in use by docs/format/reserved.md, and not in the code")

    def test_what_is_reserved_is_forged_and_nothing_else(self):
        forged = {(where, number) for where, number, *_ in self.forged}
        self.assertEqual(sorted(forged - self.rows.keys()), [], "forged, and without a row in docs/format/reserved.md")
        # Of numbers that are free the first and the last stand for all.
        free = {("entry kind", number) for number in range(9, 15)}
        reserved = {key for key, row in self.rows.items() if row.before != "in use"} - free
        self.assertEqual(sorted(reserved - forged), [], "reserved, and not in tests/formats/forgeries.cc")

    def test_the_document_says_what_the_forgeries_say(self):
        for where, number, form, here, before in self.forged:
            row = self.rows[where, number]
            self.assertEqual(here, row.here, f"this build: {where} {number} {form}")
            if before != "either" and row.before != "in use":
                self.assertEqual(before, row.before, f"a build of before: {where} {number} {form}")
            if row.before == "refused":
                self.assertEqual(row.mark, "required", f"{where} {number}")

    def test_each_forgery_has_the_answers_of_earlier_builds(self):
        lines = text_of("docs/format/old_builds.md").splitlines()
        answers = {tuple(cells_of(line)[:3]): cells_of(line)[3:] for line in lines if line.startswith("| ")}
        for where, number, form, _, before in self.forged:
            key = (where, str(number), f"*{form}*" if before == "either" else form)
            self.assertIn(key, answers, "run tools/old_builds")
            if before == "refused":
                for answer in answers[key][::2]:
                    self.assertIn("NotSupported", answer, key)

    def test_required_fields_of_the_manifest_are_refused_by_all_builds(self):
        new = numbers_of_code()["manifest field"] - MANIFEST_OF_OLD - {REFUSED_BY_OLDER}
        new = {number for number in new if self.rows["manifest field", number].mark == "required"}
        if new:
            self.assertIn(REFUSED_BY_OLDER, numbers_of_code()["manifest field"],
                          f"builds of before the marks skip {sorted(new)} unless field 22 stands beside them")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
