"""Tests of docs_commands.py on small documents, with a shell script in the place of the program."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import docs_commands  # noqa: E402


class Documents(unittest.TestCase):
    def run_on(self, text):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            shell = root / "amethyst-under-test"
            shell.write_text('#!/bin/sh\necho "$@"\n')
            shell.chmod(0o755)
            document = root / "README.md"
            document.write_text(text)
            ran, left_out, failures = docs_commands.run_document(document, shell)
            return ran, left_out, len(failures)

    def test_the_output_must_be_what_the_document_shows(self):
        self.assertEqual(self.run_on("```console\n$ echo a\na\n$ echo b\nb\n```\n"), (2, 0, 0))
        self.assertEqual(self.run_on("```console\n$ echo a\nb\n```\n"), (1, 0, 1))
        self.assertEqual(self.run_on("```console\n$ echo a\n```\n"), (1, 0, 1))

    def test_dots_stand_for_any_lines(self):
        self.assertEqual(self.run_on("```console\n$ seq 9\n1\n...\n9\n```\n"), (1, 0, 0))
        self.assertEqual(self.run_on("```console\n$ seq 9\n1\n...\n8\n```\n"), (1, 0, 1))

    def test_blocks_of_one_document_share_a_directory(self):
        document = "```console\n$ echo x > f\n```\n\ntext\n\n```console\n$ cat f\nx\n```\n"
        self.assertEqual(self.run_on(document), (2, 0, 0))

    def test_a_marked_block_is_left_out_and_counted(self):
        self.assertEqual(self.run_on("<!-- not run: installs -->\n```console\n$ false\n$ x\n```\n"), (0, 2, 0))

    def test_bin_amethyst_is_the_program_under_test_with_a_database(self):
        self.assertEqual(self.run_on("```console\n$ bin/amethyst get a\n--db data/amethyst get a\n"
                                     "$ bin/amethyst --db x get a\n"
                                     "--db x get a\n```\n"), (2, 0, 0))

    def test_other_blocks_are_not_commands(self):
        self.assertEqual(self.run_on("```cpp\n$ echo\n```\n```\n$ echo\n```\n"), (0, 0, 0))

    def test_links_between_files_must_lead_somewhere(self):
        with tempfile.TemporaryDirectory() as name:
            document = pathlib.Path(name) / "a.md"
            document.write_text("[a](a.md) [b](b.md#part) [site](https://example.org/x) `[x](y)` [d](.)\n")
            self.assertEqual([failure.split("the link to ")[1].split()[0]
                              for failure in docs_commands.broken_links_of(document)], ["b.md", "y"])

    def test_the_example_is_the_block_with_a_main_and_the_text_after_it(self):
        with tempfile.TemporaryDirectory() as name:
            readme = pathlib.Path(name) / "README.md"
            readme.write_text("```cpp\nint x;\n```\n```cpp\nint main() {}\n```\n"
                              "```console\n$ x\n```\n```text\nout\n```\n")
            self.assertEqual(docs_commands.example_of(readme, 1), (["int main() {}"], ["out"]))

    def test_examples_may_be_in_c_and_python(self):
        with tempfile.TemporaryDirectory() as name:
            document = pathlib.Path(name) / "a.md"
            document.write_text("```c\nint main(void) { return 0; }\n```\n```text\nout\n```\n")
            self.assertEqual(docs_commands.example_of(document, 1)[1], ["out"])
            document.write_text("```python\nimport sys\nprint(sys.argv[1:])\n```\n```text\n[]\n```\n")
            example = pathlib.Path(name) / "a.py"
            example.write_text("\n".join(docs_commands.example_of(document, 1)[0]))
            self.assertEqual(docs_commands.run_example(1, document, pathlib.Path(sys.executable), example), 0)

    def test_a_document_may_show_several_examples(self):
        with tempfile.TemporaryDirectory() as name:
            document = pathlib.Path(name) / "a.md"
            example = "```cpp\nint main() { return %d; }\n```\n```text\nout %d\n```\n"
            document.write_text("".join(example % (number, number) for number in (1, 2)))
            self.assertEqual(docs_commands.example_of(document, 2), (["int main() { return 2; }"], ["out 2"]))
            with self.assertRaises(ValueError):
                docs_commands.example_of(document, 3)


if __name__ == "__main__":
    unittest.main()
