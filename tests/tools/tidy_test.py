"""Tests of tools/tidy: each plants one fault in a small sound tree and expects exactly that finding."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("tidy", str(ROOT / "tools" / "tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", LOADER))
sys.modules["tidy"] = tidy
LOADER.exec_module(tidy)

HEADER = "// A thing that does one thing.\n#pragma once\n"
FLOORS = """amethyst_floor(0 base fmt::fmt)
amethyst_floor(1 io)
amethyst_floor(1 key)
amethyst_floor(2 simulation FOR_TESTS)
amethyst_floor(2 wal amethyst_base)
amethyst_floor(2 merge)
"""
SOUND = {
    "CMakeLists.txt": FLOORS,
    "include/amethyst/options.h": HEADER + "struct Options {\n  bool create = true;\n  int level = 3;\n};\n",
    "src/base/clock.h": HEADER,
    "src/wal/log.h": HEADER + '#include "base/clock.h"\n',
    "src/wal/delay.h": HEADER + '#include "base/clock.h"\n',
    "src/wal/log.cc": '#include "wal/log.h"\n\nint Length() {\n  return 1;\n}\n',
    "tests/wal/log_test.cc": '#include "wal/log.h"\n\nTEST(Log, HasALength) {\n  EXPECT_EQ(Length(), 1);\n}\n',
}


class PlantedTree(unittest.TestCase):
    def findings(self, changes):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            for path, text in {**SOUND, **changes}.items():
                if text is not None:
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / path).write_text(text)
            return tidy.check(root)

    def expect(self, rule, path, changes, line=None):
        findings = self.findings(changes)
        self.assertEqual([(f.rule, f.path) for f in findings], [(rule, path)], [str(f) for f in findings])
        if line is not None:
            self.assertEqual(findings[0].line, line)
        return findings[0]

    def expect_nothing(self, changes):
        self.assertEqual([str(f) for f in self.findings(changes)], [])


class Includes(PlantedTree):
    def test_a_sound_tree_has_no_findings(self):
        self.expect_nothing({})

    def test_a_file_may_not_include_a_higher_floor(self):
        self.expect("floors", "src/base/clock.h", {"src/base/clock.h": HEADER + '#include "merge/heap.h"\n',
                                                   "src/merge/heap.h": HEADER}, line=3)

    def test_folders_on_one_floor_do_not_include_each_other(self):
        self.expect("floors", "src/wal/log.h", {"src/wal/log.h": HEADER + '#include "merge/heap.h"\n',
                                                "src/merge/heap.h": HEADER}, line=3)

    def test_a_program_includes_any_lower_floor_but_no_other_program(self):
        self.expect_nothing({"cli/main.cc": '#include "wal/log.h"\n#include "amethyst/options.h"\n'})
        self.expect("floors", "cli/main.cc", {"cli/main.cc": '#include "bench/load.h"\n', "bench/load.h": HEADER})

    def test_public_headers_include_only_each_other(self):
        self.expect("floors", "include/amethyst/db.h", {"include/amethyst/db.h": HEADER + '#include "base/clock.h"\n'})

    def test_product_code_does_not_include_tests(self):
        self.expect("floors", "src/wal/log.cc", {"src/wal/log.cc": '#include "support/model.h"\n',
                                                 "tests/support/model.h": HEADER})

    def test_a_folder_without_a_floor_is_refused(self):
        self.expect("floors", "src/misc/junk.h", {"src/misc/junk.h": HEADER})

    def test_what_is_for_tests_is_included_by_tests_alone(self):
        simulated = {"src/simulation/clock.h": HEADER}
        self.expect_nothing({"tests/wal/log_test.cc": '#include "simulation/clock.h"\n', **simulated})
        self.expect("floors", "cli/main.cc", {"cli/main.cc": '#include "simulation/clock.h"\n', **simulated})

    def test_a_folder_links_what_it_includes(self):
        upon = {"CMakeLists.txt": FLOORS + "amethyst_floor(3 tree amethyst_wal)\n"}
        self.expect_nothing({**upon, "src/tree/tree.h": HEADER + '#include "wal/log.h"\n#include "base/clock.h"\n'})
        found = self.expect("edges", "src/tree/tree.h", {
            **upon, "src/tree/tree.h": HEADER + '#include "wal/log.h"\n#include "merge/heap.h"\n',
            "src/merge/heap.h": HEADER}, line=4)
        self.assertEqual(found.message, "tree includes merge, but does not link it")

    def test_a_folder_links_no_more_than_it_includes_and_no_floor_but_a_lower_one(self):
        self.expect("edges", "CMakeLists.txt", {
            "CMakeLists.txt": FLOORS + "amethyst_floor(3 tree amethyst_wal)\n", "src/tree/tree.h": HEADER}, line=7)
        self.expect("edges", "CMakeLists.txt", {"CMakeLists.txt": FLOORS.replace("2 merge", "2 merge amethyst_wal")})

    def test_a_folder_that_stands_on_public_headers_names_who_implements_them(self):
        upon = {"CMakeLists.txt": FLOORS + "amethyst_floor(2 capi PUBLIC_HEADERS_OF amethyst_wal)\n"}
        self.expect_nothing({**upon, "src/capi/call.h": HEADER + '#include "amethyst/options.h"\n'})
        self.expect("edges", "CMakeLists.txt", {**upon, "src/capi/call.h": HEADER}, line=7)

    def test_the_picture_of_the_floors_is_true(self):
        picture = "```\n 2   wal  merge  one each\n     simulation  a clock\n 1   io  key\n 0   base   itself\n```\n"
        self.expect_nothing({"ARCHITECTURE.md": picture})
        found = self.expect("floors", "ARCHITECTURE.md", {"ARCHITECTURE.md": picture.replace("  key", "").replace(
            "base", "base  key")})
        self.assertIn("key is on floor 1", found.message)

    def test_a_cycle_of_three_headers_is_found_once(self):
        found = self.expect("cycle", "src/key/a.h", {"src/key/a.h": HEADER + '#include "key/b.h"\n',
                                                     "src/key/b.h": HEADER + '#include "key/c.h"\n',
                                                     "src/key/c.h": HEADER + '#include "key/a.h"\n'})
        self.assertEqual(found.message, "src/key/a -> src/key/b -> src/key/c -> src/key/a")

    def test_a_header_and_its_source_are_one_unit(self):
        self.expect("cycle", "src/key/a.cc", {"src/key/a.cc": '#include "key/a.h"\n#include "key/b.h"\n',
                                              "src/key/a.h": HEADER,
                                              "src/key/b.h": HEADER + '#include "key/a.h"\n',
                                              "tests/key/a_test.cc": ""}, line=2)


class Shape(PlantedTree):
    def test_a_header_opens_with_its_purpose(self):
        self.expect("purpose", "src/wal/log.h", {"src/wal/log.h": "#pragma once\n// Too late.\n"})

    def test_a_header_is_included_once(self):
        self.expect("pragma", "src/wal/log.h", {"src/wal/log.h": "// A log of writes.\n"})

    def test_a_file_over_the_limit_is_an_error(self):
        self.expect("file-length", "src/wal/log.cc", {"src/wal/log.cc": "int x;\n" * 401})

    def test_a_long_function_is_a_warning_and_a_very_long_one_an_error(self):
        body = "int Count() {\n" + "  Step();\n" * 70 + "}\n"
        self.assertTrue(self.expect("function-length", "src/wal/log.cc", {"src/wal/log.cc": body}).warning)
        body = "int Count() {\n" + "  Step();\n" * 120 + "}\n"
        self.assertFalse(self.expect("function-length", "src/wal/log.cc", {"src/wal/log.cc": body}).warning)

    def test_an_allowed_long_function_is_not_named(self):
        body = "int Count() {\n" + "  Step();\n" * 70 + "}\n"
        before = tidy.LONG_FUNCTIONS_ALLOWED
        tidy.LONG_FUNCTIONS_ALLOWED = frozenset({"src/wal/log.cc: Count"})
        try:
            self.expect_nothing({"src/wal/log.cc": body})
        finally:
            tidy.LONG_FUNCTIONS_ALLOWED = before

    def test_lines_and_white_space(self):
        self.expect("columns", "src/wal/log.cc", {"src/wal/log.cc": "int " + "x" * 120 + ";\n"})
        self.expect("whitespace", "src/wal/log.cc", {"src/wal/log.cc": "int x; \n"})
        self.expect("whitespace", "src/wal/log.cc", {"src/wal/log.cc": "\tint x;\n"})

    def test_functions_are_measured_through_strings_classes_and_initializer_lists(self):
        functions = tidy.functions_of(tidy.blank_comments_and_literals(
            'class A {\n public:\n  A() : a_{1}, b_(2) {\n    Print("}{");\n  }\n'
            "  int b() const { return '}'; }  // }\n};\n\n"
            "namespace n {\nvoid F(int x) {\n  if (x) {\n    G();\n  }\n}\n}\n"))
        lengths = {function.name: function.lines for function in functions if function.name != "b_"}
        self.assertEqual(lengths["b"], 1)
        self.assertEqual(lengths["F"], 5)
        self.assertNotIn("if", lengths)


class Members(PlantedTree):
    def plant(self, count, kind="class", more=""):
        members = "".join(f"  std::map<int, std::set<int>> m{i}_ AMETHYST_GUARDED_BY(mutex_){{1, f(2)}};\n"
                          for i in range(count))
        return {"src/wal/log.h": f"{HEADER}{kind} Book final : public Base<int> {{\n{more}{members}}};\n",
                "cli/main.cc": "int x AMETHYST_GUARDED_BY(y) = kMax + f() + G();\n"}

    def test_a_class_has_few_data_members(self):
        self.expect_nothing(self.plant(14))
        found = self.expect("members", "src/wal/log.h", self.plant(15), line=3)
        self.assertEqual(found.message, "Book: 15 data members, at most 14")

    def test_what_is_no_data_member_does_not_count(self):
        self.expect_nothing(self.plant(14, more=(
            " public:\n  struct Part {\n    int a;\n    int b;\n  };\n  enum class Kind : uint8_t { kOne, kTwo };\n"
            "  using List = std::vector<int>;\n  static constexpr int kMax = 3;\n  class Later;\n"
            "  explicit Book(int x) : a_{x}, b_(x) { Start(); }\n  [[nodiscard]] int f() const { return 1; }\n"
            "  void G(std::function<void()> g) AMETHYST_REQUIRES(mutex_);\n  Book& operator=(const Book&) = delete;\n"
            "\n private:\n")))

    def test_each_name_of_a_list_counts(self):
        self.expect("members", "src/wal/log.h", self.plant(13, more="  int a_ = f(1), b_ = 2;\n"))

    def test_a_plain_struct_of_values_may_be_long_and_one_that_hides_or_locks_may_not(self):
        self.expect_nothing(self.plant(30, "struct"))
        self.expect("members", "src/wal/log.h", self.plant(15, "struct", " private:\n"))
        self.expect("members", "src/wal/log.h", self.plant(15, "struct", "  base::Mutex mutex_;\n"))

    def test_an_exception_has_its_number(self):
        before = tidy.CLASS_MEMBERS_ALLOWED
        tidy.CLASS_MEMBERS_ALLOWED = {"src/wal/log.h: Book": (16, "why")}
        try:
            self.expect_nothing(self.plant(16))
            for count in (15, 17):
                self.expect("members", "src/wal/log.h", self.plant(count))
        finally:
            tidy.CLASS_MEMBERS_ALLOWED = before


class Names(PlantedTree):
    def plant(self, header, source="", **more):
        return {"src/wal/log.h": HEADER + header, "src/wal/log.cc": source, **more}

    def test_a_function_that_nothing_calls_is_dead(self):
        declaration = "class Book {\n public:\n  [[nodiscard]] uint64_t end(int x) const;\n};\n"
        definition = "uint64_t Book::end(int x) const {\n  return x;\n}\n"
        found = self.expect("dead-name", "src/wal/log.h", self.plant(declaration, definition), line=5)
        self.assertEqual(found.message, "end is used by nothing")
        self.expect_nothing(self.plant(declaration, definition + "int G() {\n  return log.end(1);\n}\n"))
        self.expect_nothing(self.plant(declaration, definition, **{"cli/main.cc": "int x = Book().end(1);\n"}))

    def test_one_that_is_called_where_it_is_defined_inline_is_alive(self):
        self.expect_nothing(self.plant("inline int Least() { return 1; }\nstatic int x = Least();\n"))
        self.expect("dead-name", "src/wal/log.h", self.plant("inline int Least() { return 1; }\n"))

    def test_one_that_an_initialiser_or_a_macro_calls_is_alive(self):
        declaration = "char* Take(size_t bytes);\n"
        self.expect_nothing(self.plant(declaration, "A::A() : b_(base::Take(Up(1)) ? 1 : 2) {}\n"))
        self.expect_nothing(self.plant(declaration, "#define TAKE(x) wal::Take(x)\n"))

    def test_a_constant_that_nothing_reads_is_dead(self):
        constant = "inline constexpr size_t kBytesMax = 5;\n"
        self.expect("dead-name", "src/wal/log.h", self.plant(constant), line=3)
        self.expect("dead-name", "src/wal/log.cc", self.plant("", "constexpr int kParts[] = {1};\n"), line=1)
        self.expect_nothing(self.plant(constant + "std::array<char, kBytesMax> bytes;\n"))

    def test_tests_alone_keep_no_name_alive_unless_it_is_said_why(self):
        used = self.plant("int Count();\n", **{"tests/wal/log_test.cc": "int x = Count();\n"})
        self.assertEqual(self.expect("dead-name", "src/wal/log.h", used).message, "Count is used by tests alone")
        before = tidy.NAMES_FOR_TESTS
        tidy.NAMES_FOR_TESTS = {"Count": "why"}
        try:
            self.expect_nothing(used)
        finally:
            tidy.NAMES_FOR_TESTS = before

    def test_public_names_and_what_is_for_tests_are_used_by_tests(self):
        test = {"tests/wal/log_test.cc": "int x = Count();\n"}
        for path in ("include/amethyst/db.h", "src/simulation/clock.h"):
            self.expect_nothing({path: HEADER + "int Count();\n", **test})
            self.expect("dead-name", path, {path: HEADER + "int Count();\n"})


class Results(PlantedTree):
    def test_who_calls_what_can_fail_looks_at_how_it_went(self):
        use = {"cli/main.cc": "int x = Sync() + Made();\n"}
        for line in ("Status Sync();", "virtual Status Sync() = 0;", "inline Result<int> Sync() { return 1; }",
                     "template <typename T>\nResult<std::map<T, int>> Sync(const T& of) const;"):
            found = self.expect("nodiscard", "src/wal/log.h", {"src/wal/log.h": f"{HEADER}{line}\n", **use})
            self.assertIn("Sync returns a result", found.message)
        for line in ("[[nodiscard]] Status Sync();", "Status Sync() override;", "Status health_ = Sync();",
                     "using Made = Result<int>();", "void Sync(Status failed);"):
            self.expect_nothing({"src/wal/log.h": f"{HEADER}{line}\n", **use})


class Leftovers(PlantedTree):
    def plant(self, line):
        return {"src/wal/log.cc": f"int x;\n{line}\n"}

    def test_promises_to_oneself(self):
        for word in ("TODO", "FIXME", "XXX"):
            self.expect("leftover", "src/wal/log.cc", self.plant(f"// {word}: later"), line=2)
        self.expect_nothing(self.plant("// XXH3 over the bytes"))

    def test_dead_code(self):
        self.expect("if-0", "src/wal/log.cc", self.plant("#if 0\n#endif"), line=2)

    def test_commented_out_code(self):
        for line in ("// return x;", "// int y = Count(x);", "// if (x) {", "// log_->Append(record);", "// }",
                     "//#include <vector>", "  // total += size;", "// EXPECT_EQ(x, 1);", "// std::move(x);"):
            self.expect("commented-out", "src/wal/log.cc", self.plant(line), line=2)

    def test_prose_and_indented_examples_are_not_commented_out_code(self):
        for line in ("// A record is whole or absent; a torn tail is cut.", "// It waits (for a sync);",
                     "//   Log log = Open(path);", "// a = b means that both are equal.", "int y = 1;  // One;",
                     "// key, value and kind; then", "// | length 4 | checksum 8 |",
                     "// return early when nothing is left; callers rely on it. So it stays;"):
            self.expect_nothing(self.plant(line))

    def test_paths_of_one_machine(self):
        for path in ("/" + "work/db", "/" + "root/x", '"/' + 'tmp/x"'):
            self.expect("machine-path", "src/wal/log.cc", self.plant(f"// see {path}"), line=2)
        self.expect("machine-path", "docs/a.md", {"docs/a.md": "see /" + "work/db\n"})
        self.expect_nothing(self.plant("// read/work/write"))


class Doors(PlantedTree):
    def plant(self, line):
        return {"src/wal/log.cc": f"{line}\n"}

    def test_files_belong_to_io(self):
        for line in ("#include <fstream>", "std::ofstream out;", "auto n = std::filesystem::file_size(path);",
                     "namespace fs = std::filesystem;"):
            self.expect("io-door", "src/wal/log.cc", self.plant(line), line=1)
        self.expect_nothing({"src/io/posix.cc": "bool x = std::filesystem::exists(path);\n",
                             "tests/io/posix_test.cc": ""})
        self.expect_nothing(self.plant("void Open(const std::filesystem::path& path);"))

    def test_clocks_and_threads_belong_to_io(self):
        for line in ("auto t = std::chrono::steady_clock::now();", "std::thread t;", "std::jthread t;"):
            self.expect("io-door", "src/wal/log.cc", self.plant(line), line=1)
        self.expect_nothing(self.plant("auto n = std::thread::hardware_concurrency();"))

    def test_friends_are_refused_but_for_operators(self):
        self.expect("friend", "src/wal/log.cc", self.plant("class A {\n  friend class B;\n};"), line=2)
        self.expect_nothing(self.plant("struct A {\n  friend bool operator==(A, A) = default;\n};"))


class Mirrors(PlantedTree):
    def test_a_source_without_a_test_is_named(self):
        self.expect("mirror", "src/wal/log.cc", {"tests/wal/log_test.cc": None})

    def test_a_test_may_cover_several_sources(self):
        self.expect_nothing({"src/wal/tail.cc": "int x;\n", "src/wal/head.cc": "int y;\n",
                             "tests/wal/log_test.cc": "// Covers: tail, head.\n"})

    def test_a_test_in_c_counts(self):
        self.expect_nothing({"tests/wal/log_test.cc": None, "tests/wal/log_test.c": "int main(void) { return 0; }\n"})

    def test_a_test_in_another_folder_does_not_count(self):
        self.expect("mirror", "src/wal/log.cc", {"tests/wal/log_test.cc": None, "tests/merge/log_test.cc": ""})


class Invariants(PlantedTree):
    LIST = "# Invariants\n\n| | always |\n|---|---|\n| I1 | It holds. |\n"
    SOURCE = '#include "wal/log.h"\n\nint Length() {\n  return 1;  // I1\n}\n'
    TEST = "// I1\nTEST(Log, HasALength) {\n}\n"

    def planted(self, changes):
        return {"docs/invariants.md": self.LIST, "src/wal/log.cc": self.SOURCE, "tests/wal/log_test.cc": self.TEST,
                **changes}

    def test_one_that_source_and_test_cite_is_sound(self):
        self.expect_nothing(self.planted({}))

    def test_one_that_nothing_cites_is_named(self):
        self.expect("invariant", "docs/invariants.md", self.planted({"src/wal/log.cc": "int x;  // I/O\n"}), line=5)
        self.expect("invariant", "docs/invariants.md", self.planted({"tests/wal/log_test.cc": "int x;\n"}), line=5)

    def test_one_that_the_list_has_not_is_named(self):
        self.expect("invariant", "src/wal/log.cc", self.planted({"src/wal/log.cc": self.SOURCE + "// I2\n"}), line=6)


class Program(unittest.TestCase):
    def run_on(self, changes, *arguments):
        with tempfile.TemporaryDirectory() as directory:
            for path, text in {**SOUND, **changes}.items():
                target = pathlib.Path(directory) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            return subprocess.run([sys.executable, ROOT / "tools" / "tidy", *arguments, directory],
                                  capture_output=True, text=True)

    def test_the_exit_code_tells(self):
        self.assertEqual(self.run_on({}).returncode, 0)
        failed = self.run_on({"src/wal/log.cc": "#if 0\n#endif\n"})
        self.assertEqual(failed.returncode, 1)
        self.assertIn("src/wal/log.cc:1: [if-0]", failed.stdout)

    def test_the_report_counts(self):
        report = self.run_on({"src/wal/log.cc": "int F() {\n  AMETHYST_ASSERT(true);\n  return 1;\n}\n"}, "--report")
        self.assertEqual(report.returncode, 0)
        self.assertIn("| include cycles | 0 |", report.stdout)
        self.assertIn("| option fields | 2 |", report.stdout)
        self.assertIn("| lines of the library (include and src) | 18 |", report.stdout)
        self.assertIn("| dead names | 0 |", report.stdout)
        self.assertIn("| assertions per 1,000 lines of wal | 100.0 |", report.stdout)
        self.assertIn("| headers that state their purpose | 100 % |", report.stdout)
        self.assertIn("| median / largest function, lines | 4 / 4 |", report.stdout)


if __name__ == "__main__":
    unittest.main()
