"""Runs what the documents show, so that a reader can trust every line of it.

    docs_commands.py --shell PROGRAM ROOT                 runs the console blocks of all documents under ROOT
    docs_commands.py --extract-example DOCUMENT OUTPUT      writes the document's example to OUTPUT
    docs_commands.py --run-example DOCUMENT PROGRAM [ARG]   runs that example, compiled, against the output shown for it
                     --number N                             means its N-th example instead of the first

A block marked ```console holds commands, on lines that start with "$ ", each followed by the output that it must
have; a line of output that is "..." stands for any lines. The blocks of one document run in order, in one scratch
directory with a bin/amethyst of its own (the program under test, database data/amethyst). A block under the line
<!-- not run: REASON --> is left out: for what installs, or runs for long. Links between files must lead somewhere.
A document's examples are its ```cpp and ```c blocks that have a main, and ```python blocks that import; the ```text
block after one is its output.
"""
import argparse
import dataclasses
import pathlib
import re
import subprocess
import sys
import tempfile

NOT_RUN = re.compile(r"^<!-- not run: \S.*-->$")
COMMAND_SECONDS_MAX = 60


@dataclasses.dataclass
class Block:
    language: str
    line: int
    text: list
    run: bool


@dataclasses.dataclass
class Command:
    line: int
    text: str
    output: list


def blocks_of(text):
    """The fenced blocks of a document."""
    found, current, previous = [], None, ""
    for number, line in enumerate(text.splitlines(), 1):
        if current is None and line.startswith("```"):
            current = Block(line[3:].strip(), number, [], not NOT_RUN.match(previous))
        elif current is not None and line.startswith("```"):
            found.append(current)
            current = None
        elif current is not None:
            current.text.append(line)
        if line.strip():
            previous = line.strip()
    return found


def commands_of(block):
    commands = []
    for number, line in enumerate(block.text, block.line + 1):
        if line.startswith("$ "):
            commands.append(Command(number, line[2:], []))
        elif commands and commands[-1].text.endswith("\\"):
            commands[-1].text += "\n" + line
        elif commands:
            commands[-1].output.append(line)
        else:
            raise ValueError(f"line {number}: a console block starts with a command, '$ ...'")
    return commands


def matches(expected, actual):
    """Whether the lines are the expected ones; "..." stands for any number of lines."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in actual)) is not None


def scratch_directory(directory, shell):
    """Where a document's commands run: like the root of a tree, with the programs under test as bin/amethyst and
    bin/amethystd, which is built beside it."""
    (directory / "bin").mkdir()
    server = pathlib.Path(shell).parent.parent / "server" / "amethystd"
    for program, option, database in (shell, "--db", "data/amethyst"), (server, "--dir", "data/amethystd"):
        stand_in = directory / "bin" / pathlib.Path(database).name
        stand_in.write_text("#!/bin/sh\n"
                            f"case \" $* \" in *' {option}'*) ;;\n"
                            f"*) mkdir -p data; set -- {option} {database} \"$@\" ;; esac\n"
                            f"exec '{program}' \"$@\"\n")
        stand_in.chmod(0o755)


def run_document(path, shell):
    """Counts and failures of one document."""
    ran, left_out, failures = 0, 0, []
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        scratch_directory(directory, shell)
        for block in blocks_of(path.read_text()):
            if block.language != "console":
                continue
            commands = commands_of(block)
            if not block.run:
                left_out += len(commands)
                continue
            for command in commands:
                done = subprocess.run(["bash", "-c", command.text], cwd=directory, stdin=subprocess.DEVNULL, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMMAND_SECONDS_MAX)
                ran += 1
                if not matches(command.output, done.stdout.splitlines()):
                    failures.append(f"{path}:{command.line}: $ {command.text}\n--- expected\n" +
                                    "\n".join(command.output) + f"\n--- got (exit {done.returncode})\n{done.stdout}")
    return ran, left_out, failures


def documents_of(root):
    return sorted(root.glob("*.md")) + sorted((root / "docs").rglob("*.md"))


def broken_links_of(path):
    """Links to files that are not there."""
    prose = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)  # Code has [](...), too.
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose)
    return [f"{path}: the link to {link} leads nowhere" for link in links
            if "://" not in link and not (path.parent / link).exists()]


def run_documents(root, shell):
    ran, left_out, failures = 0, 0, []
    for path in documents_of(root):
        failures += broken_links_of(path)
        document_ran, document_left_out, document_failures = run_document(path, shell)
        ran += document_ran
        left_out += document_left_out
        failures += document_failures
    print("\n".join(failures))
    print(f"docs: {ran} commands ran, {len(failures)} failed, {left_out} marked as not to be run")
    return 0 if ran and not failures else 1


def is_example(block):
    start = {"cpp": "int main(", "c": "int main(", "python": "import "}.get(block.language)
    return start is not None and any(start in line for line in block.text)


def example_of(document, number):
    """The source of the example of that number, from 1, and the output that the document shows for it."""
    blocks = blocks_of(document.read_text())
    examples = [place for place, block in enumerate(blocks) if is_example(block)]
    if len(examples) < number:
        raise ValueError(f"{document}: no example {number}, followed by a text block")
    after = blocks[examples[number - 1] + 1:]
    return blocks[examples[number - 1]].text, next(block.text for block in after if block.language == "text")


def run_example(number, document, program, *arguments):
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run([program.resolve(), *(argument.resolve() for argument in arguments)], cwd=directory,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX)
    expected = example_of(document, number)[1]
    if done.returncode == 0 and matches(expected, done.stdout.splitlines()):
        return 0
    print("--- expected\n" + "\n".join(expected) + f"\n--- got (exit {done.returncode})\n{done.stdout}{done.stderr}")
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shell", type=pathlib.Path)
    parser.add_argument("--extract-example", action="store_true")
    parser.add_argument("--run-example", action="store_true")
    parser.add_argument("--number", type=int, default=1)
    parser.add_argument("paths", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.extract_example:
        readme, output = arguments.paths
        output.write_text("\n".join(example_of(readme, arguments.number)[0]) + "\n")
        return 0
    if arguments.run_example:
        return run_example(arguments.number, *arguments.paths)
    return run_documents(arguments.paths[0], arguments.shell.resolve())


if __name__ == "__main__":
    sys.exit(main())
