#!/usr/bin/env python3
"""redis-cli's and redis-benchmark's own modes against the server at AMETHYSTD_PORT (see with_amethystd)."""
import os
import re
import shutil
import subprocess
import sys
import unittest

PORT = os.environ["AMETHYSTD_PORT"]
SECONDS_MAX = 120


def run(program, *arguments, given=""):
    done = subprocess.run([program, "-p", PORT, *arguments], input=given, capture_output=True, text=True,
                          timeout=SECONDS_MAX)
    return done.returncode, done.stdout, done.stderr


class RedisCli(unittest.TestCase):
    def setUp(self):
        self.cli("flushall")

    def cli(self, *arguments, given=""):
        status, out, err = run("redis-cli", *arguments, given=given)
        self.assertEqual((status, err), (0, ""), out)
        return out

    def fill(self):
        self.cli("--pipe", given="".join(f"SET string:{i} {'x' * i}\r\n" for i in range(1, 101)))
        self.cli("rpush", "list", *"abcdefgh")
        self.cli("hset", "hash", *(f"{i}" for i in range(600)))
        self.cli("sadd", "set", *"abc")
        self.cli("zadd", "zset", "1", "a", "2", "b")
        self.cli("xadd", "stream", "*", "field", "value")

    def test_pipe_takes_many_commands(self):
        commands = "".join(f"*3\r\n$3\r\nSET\r\n${len(str(i)) + 1}\r\nk{i}\r\n$1\r\nv\r\n" for i in range(20000))
        self.assertIn("errors: 0, replies: 20000", self.cli("--pipe", given=commands))
        self.assertEqual(self.cli("dbsize"), "20000\n")

    def test_pipe_counts_what_was_refused(self):
        status, out, _ = run("redis-cli", "--pipe", given="SET a b\r\nLPUSH a x\r\nSET b c\r\n")
        self.assertEqual(status, 1)
        self.assertIn("errors: 1, replies: 3", out)

    def test_scan_finds_each_key_of_a_pattern_and_a_type(self):
        self.fill()
        self.assertEqual(len(set(self.cli("--scan").split())), 105)
        self.assertEqual(len(self.cli("--scan", "--pattern", "string:1?").split()), 10)
        self.assertEqual(self.cli("--scan", "--quoted-pattern", r'"z\x73et"').split(), ["zset"])

    def test_bigkeys_names_the_biggest_of_each_type(self):
        self.fill()
        out = self.cli("--bigkeys")
        for kind, key, size in (("string", "string:100", "100 bytes"), ("list", "list", "8 items"),
                                ("hash", "hash", "300 fields"), ("set", "set", "3 members"),
                                ("zset", "zset", "2 members"), ("stream", "stream", "1 entries")):
            self.assertIn(f"Biggest {kind:>6} found '\"{key}\"' has {size}", out)
        self.assertIn("Sampled 105 keys in the keyspace!", out)

    def test_memkeys_adds_up_bytes(self):
        self.fill()
        self.assertRegex(self.cli("--memkeys"), r"Biggest   hash found '\"hash\"' has \d{4,} bytes")

    def test_stat_and_latency_watch_it(self):
        process = subprocess.Popen(["redis-cli", "-p", PORT, "-i", "0.01", "--stat"], stdout=subprocess.PIPE, text=True)
        lines = [process.stdout.readline() for _ in range(8)]
        process.terminate()
        process.communicate()
        self.assertRegex(lines[3], r"^\d+ +\d+\.\d+[KMG] +\d+ +\d+ +\d+ \(\+\d+\) +\d+")
        self.assertRegex(self.cli("-i", "0.1", "--latency", "--raw"), r"^\d+ \d+ \d+\.\d+ [1-9]\d*")

    def test_resp3_and_its_shapes(self):
        self.cli("hset", "h", "f", "v")
        self.cli("zadd", "z", "1.5", "m")
        self.assertEqual(self.cli("-3", "--no-raw", "hgetall", "h"), '1# "f" => "v"\n')
        self.assertEqual(self.cli("-3", "--no-raw", "zscore", "z", "m"), "(double) 1.5\n")
        self.assertEqual(self.cli("-3", "--json", "zrange", "z", "0", "-1", "withscores"), '[["m",1.5]]\n')

    def test_csv_eval_and_repeated_commands(self):
        self.assertEqual(self.cli("--csv", "rpush", "l", "a", "b"), "2\n")
        self.assertEqual(self.cli("--csv", "lrange", "l", "0", "-1"), '"a","b"\n')
        self.assertEqual(self.cli("-r", "3", "incr", "n"), "1\n2\n3\n")
        self.assertEqual(self.cli("-n", "3", "dbsize"), "0\n")
        script = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"amethystd_tools_{PORT}.lua")
        self.addCleanup(os.remove, script)
        with open(script, "w", encoding="ascii") as file:
            file.write("return {KEYS[1], ARGV[1]}")
        self.assertEqual(self.cli("--eval", script, "k", ",", "v"), "k\nv\n")


class RedisBenchmark(unittest.TestCase):
    def test_all_of_its_tests_run(self):
        for arguments in (["-n", "2000", "-c", "20"], ["-n", "4000", "-P", "16", "-r", "1000"]):
            status, out, err = run("redis-benchmark", "--csv", *arguments)
            self.assertEqual((status, err), (0, ""), out)
            rates = re.findall(r'^"([^"]+)","([\d.]+)"', out, re.MULTILINE)
            self.assertEqual(len(rates), 20, out)
            for name, rate in rates:
                self.assertGreater(float(rate), 0, name)
        status, out, _ = run("redis-benchmark", "-n", "1000", "--threads", "2", "-3", "-q", "set", "__rand_int__", "v")
        self.assertEqual(status, 0, out)


if __name__ == "__main__":
    if not shutil.which("redis-cli") or not shutil.which("redis-benchmark"):
        print("there is no redis-cli or no redis-benchmark (Debian: redis-tools)")
        sys.exit(77)
    unittest.main(verbosity=1)
