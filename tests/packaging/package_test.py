"""Builds the Debian package and installs it in a clean root, where it has to work with nothing but what it depends on.

    package_test.py BUILD_DIRECTORY

The root is a folder with the files of the packages that ours names as its dependencies, and of theirs in turn, copied
from this system and known to a dpkg database of its own: dpkg checks the dependencies there as it does anywhere.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
LEVELDB_PROGRAM = BUILD / "tests" / "leveldb" / "leveldb_program"
# What every Debian system has and no package names: a shell and ldconfig, for the scripts that register libraries.
ESSENTIAL = ["dash", "libc-bin"]


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def names_of(dependencies):
    """The package names of a Depends field; of alternatives, the first."""
    parts = [part.split("|")[0] for part in dependencies.split(",") if part.strip()]
    return [re.match(r"\s*([^\s(:]+)", part).group(1) for part in parts]


def closure_of(names):
    """These packages, and all that they need, by name."""
    found, left = set(), list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            fields = run("dpkg-query", "-W", "-f", "${Depends},${Pre-Depends}", name)
            left += [needed for needed in names_of(fields) if installed(needed)]
    return sorted(found)


def installed(name):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", name], capture_output=True, text=True)
    return done.stdout.startswith("installed")


def copy_package(name, root):
    for line in run("dpkg-query", "-L", name).splitlines():
        source = pathlib.Path(line)
        # Libraries' folders may be links to those under usr; what is only read by people is left out.
        if not source.is_absolute() or line.startswith("/usr/share/") or not (source.is_file() or source.is_symlink()):
            continue
        target = root / pathlib.Path(os.path.realpath(source.parent)).relative_to("/") / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() and not target.is_symlink():
            shutil.copy2(source, target, follow_symlinks=False)


def clean_root(root, names):
    for folder in ("usr/lib", "usr/lib64", "usr/bin", "usr/sbin", "tmp", "etc", "dev", "var/lib/dpkg/info",
                   "var/lib/dpkg/updates"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("lib", "lib64", "bin", "sbin"):
        (root / folder).symlink_to(f"usr/{folder}")
    status = []
    for name in closure_of(names):
        copy_package(name, root)
        status.append(run("dpkg-query", "-s", name))
    (root / "var/lib/dpkg/status").write_text("\n".join(status))
    run("ldconfig", "-r", root)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.packages = tempfile.TemporaryDirectory()
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.packages.name, cwd=cls.packages.name)

    @classmethod
    def tearDownClass(cls):
        cls.packages.cleanup()

    def package(self, name):
        found = [path for path in pathlib.Path(self.packages.name).glob("*.deb") if path.name.startswith(name + "_")]
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0].name, rf"^{name}_\d+\.\d+\.\d+_\w+\.deb$")
        return found[0]

    @unittest.skipUnless((BUILD / "bench" / "amethyst_bench").exists(), "no load-test tool in this build")
    def test_the_load_test_tool_is_a_package_of_its_own(self):
        package = self.package("amethyst-bench")
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            clean_root(root, names_of(run("dpkg-deb", "-f", package, "Depends")) + ESSENTIAL)
            run("dpkg", f"--root={root}", "--force-not-root", "-i", package)
            (root / "proc").mkdir()
            self.assertIn("fillrandom", run("chroot", root, "/usr/bin/amethyst_bench", "--list"))
            self.assertTrue((root / "usr/share/man/man1/amethyst_bench.1").exists())
            self.assertFalse((root / "usr/bin/amethyst").exists())

    def test_it_installs_works_and_goes_without_a_trace(self):
        package = self.package("amethyst")
        with tempfile.TemporaryDirectory() as name:
            scratch = pathlib.Path(name)
            dependencies = run("dpkg-deb", "-f", package, "Depends")
            self.assertIn("libc6", dependencies)
            self.assertRegex(run("dpkg-deb", "-I", package, "shlibs"), r"^libamethyst 0 amethyst \(>= [\d.]+\)\n$")
            self.assertIn("ldconfig", run("dpkg-deb", "-I", package, "triggers"))
            root = scratch / "root"
            clean_root(root, names_of(dependencies) + ESSENTIAL)
            self.assertFalse((root / "usr/bin/amethyst").exists())
            run("dpkg", f"--root={root}", "--force-not-root", "-i", package)
            run("ldconfig", "-r", root)

            self.assertEqual(run("chroot", root, "/usr/bin/amethyst", "--db", "db", "put", "fruit", "apple"), "")
            self.assertEqual(run("chroot", root, "/usr/bin/amethyst", "--db", "db", "get", "fruit"), "apple\n")
            program = scratch / "in_c"
            consumer = pathlib.Path(__file__).resolve().parent / "consumer" / "consumer.c"
            run("cc", "-std=c11", f"-I{root}/usr/include", consumer, "-o", program, f"-L{root}/usr/lib", "-lamethyst")
            shutil.copy2(program, root / "in_c")
            self.assertEqual(run("chroot", root, "/in_c", "c.db"), "C\n")

            if LEVELDB_PROGRAM.exists():
                self.check_drop_in(root)

            run("dpkg", f"--root={root}", "-r", "amethyst")
            self.assertEqual([str(path) for path in root.rglob("*amethyst*")
                              if "var/lib/dpkg" not in str(path)], [])

    def check_drop_in(self, root):
        """A program that is linked to LevelDB, which is not installed there, finds Amethyst's where it is told to."""
        shutil.copy2(LEVELDB_PROGRAM, root / "of_leveldb")
        folder = next(root.rglob("libleveldb.so.1d")).parent
        self.assertEqual(folder.parts[-2:], ("amethyst", "leveldb"))
        command = ["chroot", str(root), "/of_leveldb", "leveldb.db", "open"]
        alone = subprocess.run(command, capture_output=True, text=True)
        self.assertIn("libleveldb.so.1d: cannot open shared object file", alone.stderr)
        told = dict(os.environ, LD_LIBRARY_PATH=f"/{folder.relative_to(root)}")
        self.assertEqual(run(*command, env=told), "OK\n")
        self.assertEqual(run("chroot", root, "/usr/bin/amethyst", "--db", "leveldb.db", "scan"), "")


if __name__ == "__main__":
    missing = [program for program in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "chroot") if not shutil.which(program)]
    if missing or os.geteuid() != 0:
        print(f"SKIPPED: the package is not tried: {'no ' + ', '.join(missing) if missing else 'chroot takes root'}")
        sys.exit(77)
    unittest.main()
