"""Builds the Debian packages and installs each in a clean root, where it has to work with what it depends on alone.

    package_test.py BUILD_DIRECTORY [--whole]

The root is a folder with the files of the packages that ours names as its dependencies, and of theirs in turn, copied
from this system and known to a dpkg database of its own: dpkg checks the dependencies there as it does anywhere.
--whole, which bin/package gives, also builds programs there, with the compilers in the root, and tries what the
packages of bin/package have beside those of any other build.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
WHOLE = "--whole" in sys.argv[1:2] and bool(sys.argv.pop(1))
CONSUMER = pathlib.Path(__file__).resolve().parent / "consumer"
SERVER = BUILD / "server" / "amethystd"
# The environment within a root, where nothing of this one is known.
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
CXX_LIBRARIES = ["libfmt-dev", "liblz4-dev", "libzstd-dev", "libxxhash-dev"]
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


def copy_package(name, root, with_share=False):
    for line in run("dpkg-query", "-L", name).splitlines():
        source = pathlib.Path(line)
        # Libraries' folders may be links to those under usr; what is only read by people is left out.
        read_only_by_people = line.startswith("/usr/share/" if not with_share else ("/usr/share/doc", "/usr/share/man"))
        if not source.is_absolute() or read_only_by_people or not (source.is_file() or source.is_symlink()):
            continue
        target = root / pathlib.Path(os.path.realpath(source.parent)).relative_to("/") / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() and not target.is_symlink():
            shutil.copy2(source, target, follow_symlinks=False)


def add_packages(root, names, with_share=False):
    """Puts packages of this system, and all that they need, into the root, those that it does not have yet."""
    status = root / "var/lib/dpkg/status"
    known = set(re.findall(r"^Package: (\S+)$", status.read_text(), re.MULTILINE))
    for name in closure_of(names):
        if name not in known:
            copy_package(name, root, with_share)
            with status.open("a") as file:
                file.write(run("dpkg-query", "-s", name) + "\n")
    run("ldconfig", "-r", root)


def clean_root(root, names, with_share=False):
    for folder in ("usr/lib", "usr/lib64", "usr/bin", "usr/sbin", "tmp", "etc", "dev", "var/lib/dpkg/info",
                   "var/lib/dpkg/updates"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("lib", "lib64", "bin", "sbin"):
        (root / folder).symlink_to(f"usr/{folder}")
    (root / "var/lib/dpkg/status").touch()
    add_packages(root, names, with_share)
    run("mknod", "-m", "666", root / "dev/null", "c", "1", "3")


class Packages(unittest.TestCase):
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

    def depends(self, *names):
        """What these packages of ours depend on, ours left out."""
        fields = [run("dpkg-deb", "-f", self.package(name), "Depends") for name in names]
        return [name for field in fields for name in names_of(field) if "amethyst" not in name]

    def install(self, root, *names):
        run("dpkg", f"--root={root}", "--force-not-root", "-i", *map(self.package, names))
        run("ldconfig", "-r", root)



class Package(Packages):
    @unittest.skipUnless((BUILD / "bench" / "amethyst_bench").exists(), "no load-test tool in this build")
    def test_the_load_test_tool_is_a_package_of_its_own(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            clean_root(root, self.depends("amethyst-bench") + ESSENTIAL)
            self.install(root, "amethyst-bench")
            (root / "proc").mkdir()
            self.assertIn("fillrandom", run("chroot", root, "/usr/bin/amethyst_bench", "--list"))
            self.assertTrue((root / "usr/share/man/man1/amethyst_bench.1").exists())
            self.assertFalse((root / "usr/bin/amethyst").exists())

    @unittest.skipUnless(SERVER.exists(), "no server in this build")
    def test_the_server_is_a_package_that_runs_as_a_user_of_its_own(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            clean_root(root, self.depends("amethyst-server") + ["coreutils"] + ESSENTIAL)
            (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
            (root / "etc/group").write_text("root:x:0:\n")
            root.chmod(0o755)
            self.install(root, "amethyst-server")
            settings = root / "etc/amethyst/amethystd.conf"
            self.assertEqual(run("chroot", root, "/usr/bin/stat", "-c", "%U %a", "/etc/amethyst/amethystd.conf"),
                             "amethyst 640\n")
            run("chroot", root, "/usr/bin/install", "-d", "-o", "amethyst", "/var/lib/amethyst")  # As the unit does.
            self.check_server(root)
            settings.write_text(settings.read_text() + "timeout 5\n")
            run("dpkg", f"--root={root}", "-r", "amethyst-server")
            self.assertIn("timeout 5", settings.read_text(), "what was changed stays until it is purged")
            run("dpkg", f"--root={root}", "-P", "amethyst-server")
            self.assertFalse(settings.exists())

    def check_server(self, root):
        """It is ready, answers with its settings, rewrites them, and ends cleanly, as the user."""
        words = ["chroot", "--userspec=amethyst:amethyst", root, "/usr/bin/amethystd", "/etc/amethyst/amethystd.conf",
                 "--port", "0", "--unixsocket", "/var/lib/amethyst/socket"]
        server = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True)
        try:
            while "ready at /var/lib/amethyst/socket" not in server.stdout.readline():
                self.assertIsNone(server.poll())
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(root / "var/lib/amethyst/socket"))
                for sent, received in ((b"ping\r\n", b"+PONG\r\n"), (b"config rewrite\r\n", b"+OK\r\n")):
                    client.sendall(sent)
                    self.assertEqual(client.recv(100), received)
        finally:
            server.terminate()
            server.stdout.close()
            self.assertEqual(server.wait(timeout=30), 0)

    @unittest.skipUnless(SERVER.exists() and shutil.which("systemd-analyze"), "no server, or no systemd-analyze")
    def test_the_unit_of_the_server_is_right_and_hardened(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            run("dpkg-deb", "-x", self.package("amethyst-server"), folder)
            packed = (folder / "usr/lib/systemd/system/amethyst-server.service").read_text()
            unit = folder / "amethyst-server.service"
            unit.write_text(packed.replace("/usr/bin/amethystd", f"{folder}/usr/bin/amethystd"))
            self.assertEqual(run("systemd-analyze", "verify", "--man=no", unit), "")
            run("systemd-analyze", "security", "--offline=yes", "--threshold=15", unit)

    def test_the_shell_installs_works_and_goes_without_a_trace(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            clean_root(root, self.depends("amethyst") + ESSENTIAL)
            self.assertFalse((root / "usr/bin/amethyst").exists())
            self.install(root, "amethyst")
            self.assertEqual(run("chroot", root, "/usr/bin/amethyst", "--db", "db", "put", "fruit", "apple"), "")
            self.assertEqual(run("chroot", root, "/usr/bin/amethyst", "--db", "db", "get", "fruit"), "apple\n")
            self.assertEqual([str(path) for path in root.rglob("libamethyst*") if "var/lib/dpkg" not in str(path)], [])
            run("dpkg", f"--root={root}", "-r", "amethyst")
            self.assertEqual([str(path) for path in root.rglob("*amethyst*") if "var/lib/dpkg" not in str(path)], [])

    def test_the_library_and_what_is_linked_to_it_are_packages(self):
        self.assertRegex(run("dpkg-deb", "-I", self.package("libamethyst0"), "shlibs"),
                         r"^libamethyst 0 libamethyst0 \(>= [\d.]+\)\n$")
        self.assertIn("ldconfig", run("dpkg-deb", "-I", self.package("libamethyst0"), "triggers"))
        with tempfile.TemporaryDirectory() as name:
            scratch = pathlib.Path(name)
            root = scratch / "root"
            clean_root(root, self.depends("libamethyst0", "libamethyst-dev") + ESSENTIAL)
            self.install(root, "libamethyst0", "libamethyst-dev")
            program = root / "in_c"
            run("cc", "-std=c11", f"-I{root}/usr/include", CONSUMER / "consumer.c", "-o", program, f"-L{root}/usr/lib",
                "-lamethyst")
            run("dpkg", f"--root={root}", "-r", "libamethyst-dev")
            self.assertFalse((root / "usr/include/amethyst").exists())
            self.assertEqual(run("chroot", root, "/in_c", "c.db"), "C\n", "it needs libamethyst0 alone")

    def test_the_python_module_is_a_package(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            needed = self.depends("libamethyst0", "python3-amethyst") + ["python3"]
            clean_root(root, needed + ESSENTIAL, with_share=True)
            self.install(root, "libamethyst0", "python3-amethyst")
            program = "import amethyst; db = amethyst.open('p.db'); db[b'a'] = b'1'; print(db[b'a'], len(db))"
            self.assertEqual(run("chroot", root, "/usr/bin/python3", "-c", program), "b'1' 1\n")

    @unittest.skipUnless(LEVELDB_PROGRAM.exists(), "no program that is linked to LevelDB in this build")
    def test_the_drop_in_for_leveldb_is_a_package(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            clean_root(root, self.depends("amethyst-leveldb", "amethyst") + ESSENTIAL)
            self.install(root, "amethyst-leveldb", "amethyst")
            self.check_drop_in(root)

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


@unittest.skipUnless(WHOLE, "bin/package --test does it")
class Whole(Packages):
    """What takes long, and what only the packages of bin/package have."""

    def test_programs_are_built_in_a_clean_root(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            tools = ["gcc", "g++", "libc6-dev", "cmake", "ninja-build", "pkg-config", "coreutils", "bash"]
            clean_root(root, self.depends("libamethyst0", "libamethyst-dev") + tools + ESSENTIAL, with_share=True)
            self.install(root, "libamethyst0", "libamethyst-dev")
            shutil.copytree(CONSUMER, root / "work" / "consumer")

            def within(line):
                return run("chroot", root, "/bin/bash", "-euc", f"cd work; {line}", env=PLAIN)
            within("gcc -std=c11 consumer/consumer.c -o with_pkg_config $(pkg-config --cflags --libs amethyst)")
            self.assertEqual(within("./with_pkg_config c.db"), "C\n")
            self.assertIn("C++ library, is left out", within("cmake -G Ninja -S consumer -B c && cmake --build c"))
            self.assertEqual(within("c/in_c cmake_c.db"), "C\n")

            add_packages(root, CXX_LIBRARIES, with_share=True)
            recommended = run("dpkg-deb", "-f", self.package("libamethyst-dev"), "Recommends")
            self.assertLessEqual(set(CXX_LIBRARIES), set(names_of(recommended)))
            within("cmake -G Ninja -S consumer -B cxx && cmake --build cxx")
            self.assertEqual(within("cxx/in_cxx cxx.db"), "C++\n")
            within("g++ -std=c++23 consumer/consumer.cc -o in_cxx $(pkg-config --cflags --libs amethyst-cxx)")
            self.assertEqual(within("./in_cxx cxx2.db"), "C++\n")

    def test_the_loader_takes_the_library_that_the_processor_can_run(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            clean_root(root, self.depends("libamethyst0", "libamethyst-dev") + ESSENTIAL)
            self.install(root, "libamethyst0", "libamethyst-dev")
            run("cc", "-std=c11", f"-I{root}/usr/include", CONSUMER / "consumer.c", "-o", root / "in_c",
                f"-L{root}/usr/lib", "-lamethyst")
            listed = [run("chroot", root, "/usr/lib64/ld-linux-x86-64.so.2", "--list", "/in_c",
                          env=dict(PLAIN, GLIBC_TUNABLES=tunables))
                      for tunables in ("", "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable")]
            if " avx2 " in pathlib.Path("/proc/cpuinfo").read_text():
                self.assertIn("/glibc-hwcaps/x86-64-v3/libamethyst.so.0", listed[0])
            self.assertRegex(listed[1], r"=> /(usr/)?lib/libamethyst\.so\.0")

    @unittest.skipUnless(shutil.which("qemu-x86_64"), "no qemu-x86_64 (qemu-user): no processor without AVX2 to try")
    def test_all_runs_on_a_processor_without_avx2(self):
        old = ["qemu-x86_64", "-cpu", "Nehalem"]
        with tempfile.TemporaryDirectory() as name:
            scratch = pathlib.Path(name)
            for package in ("amethyst", "libamethyst0"):
                run("dpkg-deb", "-x", self.package(package), scratch)
            shell = [*old, scratch / "usr/bin/amethyst", "--db", scratch / "db"]
            run(*shell, "seed", "50")
            self.assertEqual(run(*shell, "count"), "1300\n")
            refused = subprocess.run([*old, str(BUILD.parent / "release/cli/amethyst"), "version"],
                                     capture_output=True, text=True)
            self.assertEqual(refused.returncode, 3, "that one is built for AVX2")
            self.assertRegex(refused.stderr, "lacks AVX AVX2 FMA BMI2 or another part")


if __name__ == "__main__":
    missing = [program for program in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "chroot") if not shutil.which(program)]
    if missing or os.geteuid() != 0:
        print(f"SKIPPED: the package is not tried: {'no ' + ', '.join(missing) if missing else 'chroot takes root'}")
        sys.exit(77)
    unittest.main()
