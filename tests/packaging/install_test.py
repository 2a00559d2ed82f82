"""Installs the build into an empty folder and uses it from there, as CMake, pkg-config, bash and Python projects do.

    install_test.py BUILD_DIRECTORY
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
HERE = pathlib.Path(__file__).resolve().parent
CONSUMER = HERE / "consumer"
LEVELDB_PROGRAM = BUILD / "tests" / "leveldb" / "leveldb_program"


def run(*command, **options):
    """Standard output of a command that must succeed."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def completions(prefix, program, *words):
    """What bash offers for the last of the words behind a program of this prefix."""
    completion = prefix / "share" / "bash-completion" / "completions" / program
    return run("bash", "-c", f'PATH={prefix}/bin:$PATH; source {completion}; COMP_WORDS=("$@"); '
               f'COMP_CWORD=$(($# - 1)); _{program}; printf "%s\\n" "${{COMPREPLY[@]}}"',
               "bash", program, *words).split()


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp())
        cls.prefix = cls.scratch / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.library = next(cls.prefix.rglob("libamethyst.so")).parent
        cls.environment = dict(os.environ, LD_LIBRARY_PATH=str(cls.library),
                               PKG_CONFIG_PATH=str(cls.library / "pkgconfig"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.scratch)

    def test_only_public_headers_are_installed(self):
        ours = {path.name for path in (HERE.parents[1] / "include" / "amethyst").iterdir()}
        headers = {str(path.relative_to(self.prefix / "include")) for path in self.prefix.rglob("*.h")}
        self.assertEqual(headers, {f"amethyst/{name}" for name in ours})

    def test_nothing_installed_names_the_tree_or_its_build(self):
        for path in self.prefix.rglob("*"):
            if path.is_file() and (path.suffix in (".cmake", ".pc", ".py", ".h") or path.parent.name == "man1"):
                self.assertNotIn(str(HERE.parents[1]), path.read_text(), path)

    def test_a_cmake_project_finds_it_for_c_and_cxx(self):
        build = self.scratch / "cmake"
        run("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", build)
        self.assertEqual(run(build / "in_cxx", build / "db"), "C++\n")
        self.assertEqual(run(build / "in_c", build / "db"), "C\n")

    def test_pkg_config_gives_flags_for_the_shared_and_the_static_library(self):
        flags = run("pkg-config", "--cflags", "--libs", "amethyst", env=self.environment).split()
        shared = self.scratch / "shared"
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", CONSUMER / "consumer.c", "-o", shared, *flags)
        self.assertEqual(run(shared, self.scratch / "shared.db", env=self.environment), "C\n")
        self.assertIn("libamethyst.so.0", run("readelf", "-d", shared))

        flags = run("pkg-config", "--cflags", "--libs", "amethyst-cxx", env=self.environment).split()
        in_cxx = self.scratch / "in_cxx"
        run("c++", "-std=c++23", CONSUMER / "consumer.cc", "-o", in_cxx, *flags)
        self.assertEqual(run(in_cxx, self.scratch / "in_cxx.db"), "C++\n")

        flags = run("pkg-config", "--static", "--cflags", "--libs", "amethyst", env=self.environment).split()
        static = self.scratch / "static"
        flags[flags.index("-lamethyst")] = str(self.library / "libamethyst.a")
        run("cc", "-std=c11", CONSUMER / "consumer.c", "-o", static, *flags)
        self.assertEqual(run(static, self.scratch / "static.db"), "C\n")

    def test_a_program_in_cxx17_needs_the_shared_library_alone(self):
        flags = run("pkg-config", "--cflags", "--libs", "amethyst", env=self.environment).split()
        for number, option in enumerate(("-fexceptions", "-fno-exceptions")):
            program = self.scratch / f"in_cxx17_{number}"
            run("c++", "-std=c++17", option, "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror",
                CONSUMER / "consumer17.cc", "-o", program, *flags)
            self.assertEqual(run(program, self.scratch / f"cxx17_{number}.db", env=self.environment), "C++17\n")

    def test_a_c_project_needs_none_of_the_libraries_that_are_inside(self):
        alone = dict(self.environment, PKG_CONFIG_LIBDIR=str(self.library / "pkgconfig"))
        run("pkg-config", "--cflags", "--libs", "amethyst", env=alone)
        self.assertEqual(run("pkg-config", "--static", "--print-requires-private", "amethyst", env=alone), "")

        build = self.scratch / "c_alone"
        without = "-DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON"
        configured = run("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", build, without,
                         f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.assertRegex(configured, "C\\+\\+ library, is left out: it needs libfmt-dev")
        run("cmake", "--build", build)
        self.assertEqual(run(build / "in_c", build / "db"), "C\n")
        refused = subprocess.run(["cmake", "-S", CONSUMER, "-B", self.scratch / "refused", without, "-DCOMPONENT=cxx",
                                  f"-DCMAKE_PREFIX_PATH={self.prefix}"], capture_output=True, text=True)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("libfmt-dev", refused.stderr)

    def test_a_project_that_holds_the_source_needs_to_set_no_standard(self):
        build = self.scratch / "inside"
        run("cmake", "-G", "Ninja", "-S", CONSUMER / "inside", "-B", build, f"-DAMETHYST_SOURCE={HERE.parents[1]}")
        run("ninja", "-C", build, "CMakeFiles/in_cxx.dir" + str(CONSUMER / "consumer.cc") + ".o")

    def test_the_program_its_page_and_its_completion_agree(self):
        shell = self.prefix / "bin" / "amethyst"
        commands = [line.split()[0] for line in run(shell, "help").splitlines() if line.startswith("  ")
                    and not line.startswith("   ")]
        self.assertIn("scan", commands)
        page = (self.prefix / "share" / "man" / "man1" / "amethyst.1").read_text()
        page = page.replace("\\-", "-").replace("\\e", "\\").splitlines()
        for text in [run(shell, "help", command) for command in commands]:
            for line in text.splitlines():
                self.assertIn(line, page)
        for section in ("OPTIONS", "COMMANDS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES"):
            self.assertIn(f".SH {section}", page)
        self.assertLessEqual(set(commands), set(completions(self.prefix, "amethyst", "")))
        self.assertEqual(completions(self.prefix, "amethyst", "--read"), ["--read-only"])
        self.assertEqual(completions(self.prefix, "amethyst", "help", "sc"), ["scan"])
        self.assertIn("--prefix", completions(self.prefix, "amethyst", "scan", "--"))

    @unittest.skipUnless(shutil.which("man"), "no man: the page's markup is not looked at")
    def test_man_has_nothing_to_say_of_the_pages_markup(self):
        page = self.prefix / "share" / "man" / "man1" / "amethyst.1"
        done = subprocess.run(["man", "--warnings", "--local-file", page], capture_output=True, text=True,
                              env=dict(os.environ, MANWIDTH="200", LC_ALL="C.UTF-8"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--expires-at MOMENT", done.stdout)

    @unittest.skipUnless(shutil.which("fish"), "no fish: its completion is not tried")
    def test_fish_offers_commands_and_their_options(self):
        script = self.prefix / "share" / "fish" / "vendor_completions.d" / "amethyst.fish"

        def offers(line):
            listed = run("fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', script, line)
            return [offer.split("\t")[0] for offer in listed.splitlines()]
        self.assertEqual(offers("amethyst --db scan sc"), ["scan"], "the database's name is no command")
        self.assertEqual(offers("amethyst scan --pre"), ["--prefix"])
        self.assertEqual(offers("amethyst --read"), ["--read-only"])
        self.assertEqual(offers("amethyst help sc"), ["scan"])
        self.assertEqual(offers("amethyst family "), ["create", "drop", "rename"])

    @unittest.skipUnless(shutil.which("zsh"), "no zsh: its completion is not tried")
    def test_zsh_completes_commands_and_their_options(self):
        folder = self.prefix / "share" / "zsh" / "site-functions"
        run("zsh", "-n", folder / "_amethyst")
        typed = HERE / "complete_in.zsh"
        for line, whole in (("amethyst sca", "amethyst scan"), ("amethyst --read", "amethyst --read-only"),
                            ("amethyst --db x scan --pref", "amethyst --db x scan --prefix"),
                            ("amethyst family cr", "amethyst family create")):
            self.assertEqual(run("zsh", "-f", typed, folder, line, cwd=self.scratch).strip("\n"), whole)

    @unittest.skipUnless((BUILD / "bench" / "amethyst_bench").exists(), "no load-test tool in this build")
    def test_the_load_test_tool_its_page_and_its_completion_agree(self):
        prefix = self.scratch / "bench"
        run("cmake", "--install", BUILD, "--prefix", prefix, "--component", "bench")
        page = (prefix / "share" / "man" / "man1" / "amethyst_bench.1").read_text()
        for line in run(prefix / "bin" / "amethyst_bench", "--help").splitlines()[1:]:
            self.assertIn(line, page.replace("\\-", "-").replace("\\e", "\\"))
        self.assertIn("--value-bytes", completions(prefix, "amethyst_bench", "--"))
        self.assertEqual(completions(prefix, "amethyst_bench", "readr"), ["readrandom", "readreverse"])
        self.assertFalse((self.prefix / "bin" / "amethyst_bench").exists(), "only who asks for it gets it")

    def test_python_finds_the_module_beside_the_library(self):
        program = "import amethyst; db = amethyst.open('python.db'); db[b'a'] = b'1'; print(db[b'a'], len(db))"
        environment = dict(os.environ, PYTHONPATH=str(self.prefix / "lib" / "python3" / "dist-packages"),
                           PYTHONDONTWRITEBYTECODE="1")
        self.assertEqual(run(sys.executable, "-c", program, cwd=self.scratch, env=environment), "b'1' 1\n")

    def test_python_imports_the_module_from_where_it_was_installed_without_being_told(self):
        prefix = self.scratch / "environment"
        run(sys.executable, "-m", "venv", "--without-pip", prefix)
        for component in ("library", "python"):
            run("cmake", "--install", BUILD, "--prefix", prefix, "--component", component)
        program = "import amethyst; db = amethyst.open('venv.db'); db[b'a'] = b'1'; print(db[b'a'], len(db))"
        self.assertEqual(run(prefix / "bin" / "python3", "-c", program, cwd=self.scratch), "b'1' 1\n")

    def test_a_prefix_of_the_system_is_where_its_python_looks(self):
        python = pathlib.Path("/usr/bin/python3")
        if not python.exists():
            self.skipTest("no Python of the system's")
        staged = self.scratch / "staged"
        run("cmake", "--install", BUILD, "--prefix", "/usr/local", "--component", "python",
            env=dict(os.environ, DESTDIR=str(staged)))
        module = next(staged.rglob("amethyst/__init__.py")).parent.parent
        searched = run(python, "-c", "import sys; print(*sys.path, sep='\\n')").splitlines()
        self.assertIn("/" + str(module.relative_to(staged)), searched)

    @unittest.skipUnless(LEVELDB_PROGRAM.exists(), "no LevelDB headers (libleveldb-dev), so no drop-in")
    def test_the_drop_in_for_leveldb_is_found_where_it_is_asked_for_alone(self):
        folder = self.library / "amethyst" / "leveldb"
        self.assertEqual(sorted(path.name for path in self.prefix.rglob("libleveldb*") if path.parent == folder),
                         ["libleveldb.so.1", "libleveldb.so.1d"])
        self.assertEqual([path for path in self.prefix.rglob("*leveldb*") if folder not in (path, path.parent)], [])
        for name, search, ours in (("theirs", self.library, False), ("ours", folder, True)):
            database = self.scratch / name
            self.assertEqual(run(LEVELDB_PROGRAM, database, "open", env=dict(os.environ, LD_LIBRARY_PATH=str(search))),
                             "OK\n")
            opened = subprocess.run([self.prefix / "bin" / "amethyst", "--db", database, "scan"],
                                    stdin=subprocess.DEVNULL,
                                    capture_output=True, text=True)
            self.assertEqual(opened.returncode == 0, ours, opened.stderr)


if __name__ == "__main__":
    unittest.main()
