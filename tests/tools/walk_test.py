"""Tests of tools/walk: what it reads out of callgrind's text, and what it makes of it."""
import importlib.machinery
import importlib.util
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("walk", str(ROOT / "tools" / "walk"))
walk = importlib.util.module_from_spec(importlib.util.spec_from_loader("walk", LOADER))
LOADER.exec_module(walk)

# main calls Second on its line 9 and First on its line 4; First calls Leaf, in which a line of another file is inlined.
PROFILE = """positions: line
fl=(1) a.cc
fn=(1) Second
20 3
fn=(2) First
30 3
+2 1
cfi=(2) b.h
cfn=(3) Leaf
calls=1 7
* 5

fl=(2)
fn=(3)
7 2
fi=(3) c.h
100 1
fe=(2)
-93 2

fl=(1)
fn=(4) main
9 1
cfn=(1)
calls=1 20
* 3
-5 1
cfn=(2)
calls=1 30
* 9
"""


class Profiles(unittest.TestCase):
    def test_lines_are_those_of_the_functions_own_file(self):
        lines = walk.Profile(PROFILE).lines
        self.assertEqual(lines[("a.cc", "First")], {30, 32})
        self.assertEqual(lines[("b.h", "Leaf")], {7})
        self.assertEqual(lines[("a.cc", "main")], {4, 9})

    def test_a_walk_goes_by_the_lines_of_the_calls_and_enters_what_is_called_first(self):
        functions = walk.Profile(PROFILE).walk(("a.cc", "main"))
        self.assertEqual([name for _, name in functions], ["main", "First", "Leaf", "Second"])


class Documents(unittest.TestCase):
    def test_sources_tell_the_story_and_headers_and_base_stand_beside(self):
        files = {"src/api/db.cc": {"DB::Get": None}, "src/base/hash.cc": {}, "src/key/a.h": {}}
        text = walk.document_of({"Get": files})
        self.assertIn("| Get | 1 | 7 | 3 |", text)
        self.assertIn("1. `src/api/db.cc`: `DB::Get`\n", text)
        self.assertIn("Beside them `src/base/hash.cc`, `src/key/a.h`.\n", text)


if __name__ == "__main__":
    unittest.main()
