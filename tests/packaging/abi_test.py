"""The shared library still offers what programs are linked to: compares its C interface with packaging/libamethyst.abi.

    abi_test.py BUILD_DIRECTORY LIBRARY            checks
    abi_test.py BUILD_DIRECTORY LIBRARY --record   writes the description, which a release does

It speaks of the C interface alone; the C++ classes of the static library promise no stable ABI.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDED = ROOT / "packaging" / "libamethyst.abi"
HEADERS = ROOT / "include" / "amethyst"
LIBRARY = pathlib.Path(sys.argv[2]).resolve()


def declarations():
    headers = [HEADERS / "c.h", *sorted(HEADERS.glob("c_*.h"))]
    text = re.sub(r"//[^\n]*", "", "".join(header.read_text() for header in headers))
    return re.findall(r"^AMETHYST_API .*?;", text, re.MULTILINE | re.DOTALL)


def describe(target):
    """Describes what the header declares: the compiler holds the definitions, which include it, to the same types."""
    with tempfile.TemporaryDirectory() as name:
        source, library = pathlib.Path(name) / "declared.c", pathlib.Path(name) / "libamethyst.so"
        bodies = [declaration[:-1] + " { __builtin_trap(); }" for declaration in declarations()]
        source.write_text("#include <amethyst/c.h>\n" + "\n".join(bodies) + "\n")
        subprocess.run(["cc", "-std=c11", "-g", "-shared", "-fPIC", "-Wl,-soname,libamethyst.so.0",
                        f"-I{HEADERS.parent}", source, "-o", library], check=True)
        subprocess.run(["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed",
                        "--type-id-style", "hash", "--out-file", target, library], check=True)


def declared():
    return {re.search(r"\b(amethyst_\w+)\(", declaration).group(1) for declaration in declarations()}


def exported():
    listing = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in listing.splitlines() if not line.split()[-1] == "AMETHYST_0"
            and " A " not in line}


class Abi(unittest.TestCase):
    def differences(self, before):
        with tempfile.TemporaryDirectory() as directory:
            now = pathlib.Path(directory) / "now.abi"
            describe(now)
            done = subprocess.run(["abidiff", "--no-added-syms", before, now], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_it_exports_what_the_header_declares_and_nothing_else(self):
        self.assertEqual(exported(), declared())
        self.assertGreater(len(declared()), 60)

    def test_its_name_carries_the_version_of_the_abi(self):
        dynamic = subprocess.run(["readelf", "-d", LIBRARY], check=True, capture_output=True, text=True).stdout
        self.assertIn("soname: [libamethyst.so.0]", dynamic)

    def test_nothing_that_was_offered_has_changed(self):
        code, report = self.differences(RECORDED)
        self.assertEqual(code, 0, report)

    def test_a_changed_and_a_removed_function_are_found(self):
        text = RECORDED.read_text()
        with tempfile.TemporaryDirectory() as directory:
            other = pathlib.Path(directory) / "other.abi"
            other.write_text(text.replace("amethyst_flush", "amethyst_flushed"))
            self.assertNotEqual(self.differences(other)[0], 0)
            swapped = re.sub(r"(<function-decl name='amethyst_free'.*?<parameter type-id=)'[^']*'(.*?</function-decl>)",
                             lambda found: found.group(1) + found_type(text, "int") + found.group(2), text, count=1,
                             flags=re.DOTALL)
            self.assertNotEqual(swapped, text)
            other.write_text(swapped)
            self.assertNotEqual(self.differences(other)[0], 0)


def found_type(text, name):
    return re.search(rf"<type-decl name='{name}' [^>]*id=('[^']*')", text).group(1)


if __name__ == "__main__":
    if shutil.which("abidw") is None:
        print("SKIPPED: no abidw and abidiff (Debian: abigail-tools): the ABI is not checked")
        sys.exit(77)
    if sys.argv[3:] == ["--record"]:
        describe(RECORDED)
        sys.exit(0)
    unittest.main(argv=sys.argv[:1])
