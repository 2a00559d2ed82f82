"""Tests of torture/planted: where bugs are put, that the list fits src, and what counts as caught."""
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "torture" / "planted"))

import planting  # noqa: E402: behind the path that leads to it.
import run  # noqa: E402

SOURCE = """\
Status Tree::Close() {
  if (a && b) return {};
  AMETHYST_TRY(file_->Sync());
  return files.Rename(from, to);  // Not Sync() itself.
}
"""


def edits(text, **replacements):
    """Edits by the text that they replace; `bug` is the replacement itself."""
    return [planting.Edit(name, "src/a.cc", text.index(find), text.index(find) + len(find), replacement)
            for name, (find, replacement) in replacements.items()]


class Planting(unittest.TestCase):
    def test_an_expression_and_a_statement_become_a_choice(self):
        planted = planting.plant(SOURCE, edits(SOURCE, one=("a && b", "a"), two=("AMETHYST_TRY(file_->Sync());", "")))
        self.assertIn('if ((::amethyst::planted::Armed("one") ? (a) : (a && b))) return {};', planted)
        self.assertIn('if (::amethyst::planted::Armed("two")) {  } else { AMETHYST_TRY(file_->Sync()); }', planted)

    def test_a_replacement_may_choose_by_itself(self):
        planted = planting.plant(SOURCE, edits(SOURCE, one=("a && b", "a && (ARMED || b)")))
        self.assertIn('if (a && (::amethyst::planted::Armed("one") || b)) return', planted)

    def test_bugs_may_share_a_place_and_lie_within_another(self):
        planted = planting.plant(SOURCE, edits(SOURCE, out=("AMETHYST_TRY(file_->Sync());", "x();"),
                                               also=("AMETHYST_TRY(file_->Sync());", "y();"),
                                               within=("file_->Sync()", "Status()")))
        armed = '::amethyst::planted::Armed("{}")'.format
        self.assertIn(f"if ({armed('out')}) {{ x(); }} else {{ if ({armed('also')}) {{ y(); }} else "
                      f"{{ AMETHYST_TRY(({armed('within')} ? (Status()) : (file_->Sync()))); }} }}", planted)

    def test_bugs_that_overlap_are_refused(self):
        with self.assertRaisesRegex(planting.PlantingError, "overlap"):
            planting.plant(SOURCE, edits(SOURCE, one=("(a && b)", "x"), two=("b) return {};", "y")))

    def test_the_text_has_to_be_there_once(self):
        for find in ("not there", "r"):
            with self.assertRaisesRegex(planting.PlantingError, "expected once"):
                planting.edit_of("bug", {"file": "src/a.cc", "find": find, "replace": ""}, {"src/a.cc": SOURCE})

    def test_a_bug_of_the_server_lies_where_it_is_compiled(self):
        sources = {"server/a.h": "int one;", "server/a.cc": "int one;"}
        entry = {"find": "one", "replace": "two"}
        self.assertEqual(planting.edit_of("bug", entry | {"file": "server/a.cc"}, sources).begin, 4)
        with self.assertRaisesRegex(planting.PlantingError, "lies in a .cc file"):
            planting.edit_of("bug", entry | {"file": "server/a.h"}, sources)

    def test_of_the_server_the_files_with_bugs_alone_are_copied(self):
        with tempfile.TemporaryDirectory() as directory:
            planting.write_copy(ROOT, pathlib.Path(directory))
            copied = [str(path.relative_to(directory)) for path in pathlib.Path(directory, "server").rglob("*.cc")]
        self.assertEqual(sorted(copied), planting.server_files(ROOT))

    def test_calls_that_make_durable_are_found_and_named_by_their_function(self):
        calls = [(name, SOURCE[begin:end]) for name, begin, end in planting.durable_calls("src/tree/a.cc", SOURCE)]
        self.assertEqual(calls, [("Sync in tree/a.cc Close", "file_->Sync()"),
                                 ("Rename in tree/a.cc Close", "files.Rename(from, to)")])

    def test_a_declaration_is_no_call(self):
        text = "  [[nodiscard]] Status Sync(Position position);\nStatus Log::SyncAll() { return {}; }\n"
        self.assertEqual(list(planting.durable_calls("src/a.h", text)), [])


class TheList(unittest.TestCase):
    def setUp(self):
        self.sources = planting.read_sources(ROOT)
        self.bugs, self.edits = planting.read_list(self.sources)

    def test_it_fits_src_and_has_a_bug_of_every_class(self):
        for file, text in self.sources.items():
            planting.plant(text, [edit for edit in self.edits if edit.file == file])
        self.assertEqual(set(planting.CLASSES) - {bug.kind for bug in self.bugs}, set())

    def test_it_has_the_calls_of_each_kind(self):
        found = [bug.name.split()[0] for bug in self.bugs if " in " in bug.name and ".cc " in bug.name]
        self.assertLessEqual({"Sync", "SyncAll", "SyncFile", "SyncDirectory", "Rename"}, set(found))
        self.assertGreater(len(found), 20)

    def test_some_belong_to_the_test_command(self):
        self.assertGreaterEqual(sum(bug.quick for bug in self.bugs), 12)
        self.assertGreaterEqual(sum(bug.quick and bug.suite == "server_test" for bug in self.bugs), 25)


class Verdicts(unittest.TestCase):
    def outcome_of(self, script):
        """What run says of a program that does that."""
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory) / "amethyst_torture_planted"
            program.write_text("#!/bin/sh\n" + script)
            program.chmod(0o755)
            with mock.patch.object(run, "ROUND_SECONDS_MAX", 1):
                return run.run(pathlib.Path(directory), "power", ["*"], 1, 0, "a bug")

    def test_a_violation_an_abort_a_crash_and_a_hang_are_told_apart(self):
        for script, how in (("exit 0", "passes"), ("echo 'violation: lost'; exit 1", "reports"),
                            ("kill -ABRT $$", "aborts"), ("kill -SEGV $$", "crashes"), ("sleep 60", "hangs")):
            self.assertEqual(self.outcome_of(script).how, how, script)
        self.assertEqual(self.outcome_of("echo 'violation: lost'; exit 1").text, "violation: lost")

    def test_a_bug_that_was_not_met_is_told_of(self):
        self.assertIn("never reached", self.outcome_of("exit 0").text)
        self.assertNotIn("never reached", self.outcome_of("echo 'planted bug reached'").text)

    def test_the_program_is_told_the_bug_by_its_name(self):
        self.assertEqual(self.outcome_of('echo "violation: $AMETHYST_PLANTED"; exit 1').text, "violation: a bug")


class Results(unittest.TestCase):
    BUG = planting.Bug("a bug", "fork", "power")

    def test_what_an_earlier_run_entered_is_taken_over_while_the_bug_is_as_it_was(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "results.json"
            self.assertEqual(run.read_results(path, [self.BUG]), {})
            outcome = run.Outcome("reports", 0.5, "violation: lost")
            run.write_results(path, {self.BUG: outcome})
            self.assertEqual(run.read_results(path, [self.BUG]), {self.BUG: outcome})
            self.assertEqual(run.read_results(path, [planting.Bug("a bug", "fork", "model")]), {})
            self.assertIn("1 bugs, 1 caught", run.table_of(run.read_results(path, [self.BUG])))


if __name__ == "__main__":
    unittest.main()
