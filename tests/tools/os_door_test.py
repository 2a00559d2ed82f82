"""Tests of tools/os_door on archives compiled from a line of C++ each."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class OsDoor(unittest.TestCase):
    def run_on(self, sources):
        """Exit code and output for archives named by folder, each of one source."""
        with tempfile.TemporaryDirectory() as directory:
            build = pathlib.Path(directory)
            for folder, source in sources.items():
                unit = build / f"{folder}.cc"
                unit.write_text(source)
                subprocess.run(["c++", "-std=c++20", "-c", unit, "-o", unit.with_suffix(".o")], check=True)
                subprocess.run(["ar", "cr", build / f"libamethyst_{folder}.a", unit.with_suffix(".o")], check=True)
            done = subprocess.run([sys.executable, ROOT / "tools" / "os_door", build], capture_output=True, text=True)
            return done.returncode, done.stdout

    def test_a_system_call_outside_io_is_named(self):
        code, output = self.run_on({"wal": "#include <unistd.h>\nint f(int d) { return fsync(d); }"})
        self.assertEqual(code, 1)
        self.assertIn("libamethyst_wal.a(wal.o) calls fsync", output)

    def test_the_64_bit_names_are_the_same_calls(self):
        code, output = self.run_on({"tree": "#include <fcntl.h>\nint f() { return open64(\"a\", O_RDONLY); }"})
        self.assertEqual(code, 1)
        self.assertIn("calls open64", output)

    def test_file_streams_and_filesystem_operations_are_calls_too(self):
        code, output = self.run_on({
            "engine": "#include <filesystem>\nbool f(const char* p) { return std::filesystem::remove(p); }",
            "inspect": "#include <fstream>\nvoid f() { std::ofstream(\"a\") << 1; }"})
        self.assertEqual(code, 1)
        self.assertIn("libamethyst_engine.a", output)
        self.assertIn("libamethyst_inspect.a", output)

    def test_io_and_base_may_and_a_path_is_only_a_string(self):
        code, output = self.run_on({
            "io": "#include <unistd.h>\nint f(int d) { return fsync(d); }",
            "api": "#include <filesystem>\nstd::filesystem::path f(const char* p) {"
                   " return std::filesystem::path(p) / \"x\"; }"})
        self.assertEqual(code, 0, output)

    def test_an_empty_build_directory_is_an_error(self):
        self.assertEqual(self.run_on({})[0], 1)


if __name__ == "__main__":
    unittest.main()
