"""Makes a manual page of what a program prints for --help, so that the two cannot differ.

    manual_page.py PROGRAM VERSION OUTPUT
"""
import pathlib
import subprocess
import sys


def roff(text):
    """The text, as it stands in a block without filling."""
    lines = [line.replace("\\", "\\e").replace("-", "\\-") for line in text.splitlines()]
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)


def page_of(name, version, text):
    first = text.splitlines()[0]
    summary = first.split(":", 1)[1].strip() if first.startswith(name + ":") else first
    body = text.split("\n", 1)[1].strip("\n")
    return "\n".join([f'.TH {name.upper()} 1 "" "Amethyst {version}" "User commands"', ".SH NAME",
                      roff(f"{name} - {summary}"), ".SH DESCRIPTION", ".nf", roff(body), ".fi", ""])


def main():
    program, version, output = sys.argv[1:]
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    pathlib.Path(output).write_text(page_of(pathlib.Path(program).name, version, text))


if __name__ == "__main__":
    main()
