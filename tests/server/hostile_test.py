#!/usr/bin/env python3
"""Clients that mean harm, or are too many or too large, against a real amethystd: hostile_test.py PROGRAM [TEST...]

The server has to stay alive, to serve others meanwhile, to keep to its memory, and to say what is wrong.
"""
import os
import pathlib
import resource
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from server_process import Client, amethystd

PROGRAM = ""
MIB = 1 << 20
WAIT_SECONDS_MAX = 60
IDLE_CONNECTIONS = 10_000
DESCRIPTORS = IDLE_CONNECTIONS + 2000  # Of the test, and of the server.
SMALL_DISK = "AMETHYST_SMALL_DISK"  # The folder of a tmpfs of 48 MiB, in the process that has mounted it.


def resident_bytes(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) << 10


def until(condition, what):
    for _ in range(WAIT_SECONDS_MAX * 50):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"in vain: {what}")


def request(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Case(unittest.TestCase):
    settings = ()

    def setUp(self):
        context = amethystd(PROGRAM, *self.settings)
        self.server = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.client = Client(self.server.port)

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), "the server has ended")
        self.assertEqual(self.call("ping"), b"+PONG")

    def call(self, *words):
        self.client.socket.sendall(request(*words))
        return self.client.reply()

    def connect(self):
        opened = socket.create_connection(("127.0.0.1", self.server.port), timeout=30)
        self.addCleanup(opened.close)
        return opened

    def answer_to(self, sent):
        """All that comes before the server closes."""
        opened = self.connect()
        opened.sendall(sent)
        answer = b""
        while received := opened.recv(1 << 16):
            answer += received
        return answer


class ManyConnections(Case):
    settings = ("--maxclients", "11000")

    def test_ten_thousand_idle_connections_take_little_memory(self):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < DESCRIPTORS:
            self.skipTest(f"it takes {DESCRIPTORS} descriptors (ulimit -n)")
        before = resident_bytes(self.server)
        opened = []
        for _ in range(IDLE_CONNECTIONS):
            opened.append(self.connect())
            opened[-1].sendall(b"PING\r\n")
        for each in opened:
            self.assertEqual(each.recv(7), b"+PONG\r\n")
        added = resident_bytes(self.server) - before
        print(f"{IDLE_CONNECTIONS} idle connections: {added / MIB:.1f} MiB, {added / IDLE_CONNECTIONS:.0f} bytes each")
        self.assertLess(added, 200 * MIB)
        self.assertIn(b"connected_clients:%d" % (IDLE_CONNECTIONS + 1), self.call("info", "clients"))
        for each in opened:
            each.close()
        until(lambda: b"connected_clients:1\r" in self.call("info", "clients"), "they are closed")

    def test_no_more_than_maxclients_are_let_in(self):
        self.assertEqual(self.call("config", "set", "maxclients", 3), b"+OK")
        opened = [self.connect() for _ in range(5)]
        answers = []
        for each in opened:
            try:
                each.sendall(b"PING\r\n")
                answers.append(each.recv(100))
            except ConnectionError:
                answers.append(b"")
        self.assertEqual(answers.count(b"+PONG\r\n"), 2)


class Descriptors(Case):
    def test_without_descriptors_it_waits_says_so_and_goes_on(self):
        self.assertEqual(self.call("set", "a", "1"), b"+OK")
        used = len(os.listdir(f"/proc/{self.server.process.pid}/fd"))
        resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE, (used + 20, used + 20))
        opened = [self.connect() for _ in range(40)]
        for each in opened:
            each.sendall(b"PING\r\n")
        until(lambda: "descriptors" in (self.server.folder / "log").read_text(), "a line in the log")
        self.assertEqual(self.call("get", "a"), b"$1\r\n1")
        before = self.processor_seconds()
        time.sleep(1)
        self.assertLess(self.processor_seconds() - before, 0.5, "it waits between two attempts")
        for each in opened[:30]:
            each.close()
        for each in opened[30:]:
            self.assertEqual(each.recv(7), b"+PONG\r\n")
        self.assertLess((self.server.folder / "log").read_text().count("descriptors"), 5)

    def processor_seconds(self):
        stat = pathlib.Path(f"/proc/{self.server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def test_fewer_than_it_wants_mean_fewer_clients(self):
        limit = ["prlimit", "--nofile=300:300"]
        self.server.end()
        self.server.arguments = limit + self.server.arguments
        self.server.start()
        self.client = Client(self.server.port)
        clients = int(self.call("config", "get", "maxclients")[2].split(b"\r\n")[1])
        self.assertLess(clients, 300)
        self.assertIn("maxclients", (self.server.folder / "log").read_text())


class SlowReaders(Case):
    settings = ("--maxmemory", "128mb")

    def most_resident_bytes(self):
        """In a second, while another client is served."""
        most = 0
        for _ in range(50):
            most = max(most, resident_bytes(self.server))
            self.assertEqual(self.call("exists", "large"), b":1")
            time.sleep(0.02)
        return most

    def test_a_pipeline_whose_answers_nobody_reads_does_not_fill_the_memory(self):
        self.call("set", "large", b"x" * MIB)
        before = resident_bytes(self.server)
        slow = self.connect()
        slow.sendall(b"GET large\r\n" * 4000)
        most = self.most_resident_bytes() - before
        print(f"4,000 answers of 1 MiB that nobody reads: {most / MIB:.1f} MiB")
        self.assertLess(most, 100 * MIB)
        answer = b"$1048576\r\n" + b"x" * MIB + b"\r\n"
        left = 300 * len(answer)
        while left > 0:
            left -= len(slow.recv(min(left, MIB)))
        slow.close()

    def test_a_long_reply_that_nobody_reads_does_not_fill_the_memory(self):
        fields, value = 100_000, b"x" * 1000
        for begin in range(0, fields, 1000):
            self.call("hset", "large", *(word for i in range(begin, begin + 1000) for word in (b"%d" % i, value)))
        before = resident_bytes(self.server)
        slow = self.connect()
        slow.sendall(b"HGETALL large\r\n")
        most = self.most_resident_bytes() - before
        print(f"100 MB of one reply that nobody reads: {most / MIB:.1f} MiB")
        self.assertLess(most, 50 * MIB)
        got = slow.makefile("rb")
        self.assertEqual(got.readline(), b"*%d\r\n" % (2 * fields))
        for _ in range(fields):
            self.assertTrue(got.readline().startswith(b"$") and got.readline().rstrip().isdigit())
            self.assertEqual((got.readline(), got.readline()), (b"$1000\r\n", value + b"\r\n"))

    def test_a_listener_that_does_not_read_is_closed(self):
        listener = self.connect()
        listener.sendall(b"SUBSCRIBE news\r\n")
        until(lambda: self.call("publish", "news", "x") == b":1", "it listens")
        message = b"x" * MIB
        until(lambda: self.call("publish", "news", message) == b":0", "it is closed")
        self.assertLess(resident_bytes(self.server), 400 * MIB)

    def test_a_client_beyond_its_limit_is_closed(self):
        self.call("set", "large", b"x" * (8 * MIB))
        self.assertEqual(self.call("config", "set", "client-output-buffer-limit", "normal 4mb 0 0"), b"+OK")
        self.addCleanup(self.call, "config", "set", "client-output-buffer-limit", "normal 0 0 0")
        slow = self.connect()
        slow.sendall(b"GET large\r\nGET large\r\n")
        with self.assertRaises(ConnectionError):
            while received := slow.recv(MIB):
                self.assertTrue(received)
            raise ConnectionError("closed")

    def test_many_slow_readers_hold_nobody_up(self):
        self.call("set", "large", b"x" * MIB)
        opened = [self.connect() for _ in range(50)]
        for each in opened:
            each.sendall(b"GET large\r\n" * 20)
        begin = time.monotonic()
        for _ in range(100):
            self.assertEqual(self.call("ping"), b"+PONG")
        self.assertLess(time.monotonic() - begin, 30)
        print(f"50 slow readers: {resident_bytes(self.server) / MIB:.1f} MiB in all")


class HalfOpen(Case):
    settings = ("--timeout", "1")

    def test_who_stops_within_a_request_is_closed_in_time_and_holds_nobody_up(self):
        for beginning in (b"", b"*", b"*3\r\n$3\r\nSET\r\n$1", b"*2\r\n$3\r\nGET\r\n$100000\r\nabc", b"SET a"):
            opened = self.connect()
            opened.sendall(beginning)
            self.call("ping")
            until(lambda: opened.recv(1) == b"", "it is closed")
            self.client = Client(self.server.port)

    def test_what_was_sent_before_the_end_is_answered(self):
        for _ in range(50):
            opened = self.connect()
            opened.sendall(b"PING\r\nECHO last\r\n")
            opened.shutdown(socket.SHUT_WR)
            answer = b""
            while received := opened.recv(100):
                answer += received
            self.assertEqual(answer, b"+PONG\r\n$4\r\nlast\r\n")
        self.client = Client(self.server.port)

    def test_who_resets_the_connection_does_no_harm(self):
        self.call("set", "large", b"x" * MIB)
        for _ in range(50):
            opened = self.connect()
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            opened.sendall(b"GET large\r\nBLPOP nothing 0\r\n")
            opened.close()
        until(lambda: b"connected_clients:1\r" in self.call("info", "clients"), "they are gone")
        self.assertIn(b"blocked_clients:0\r", self.call("info", "clients"))


class Oversized(Case):
    settings = ("--maxmemory", "96mb")

    def test_lengths_out_of_range_are_refused_in_words(self):
        for sent, answer in (
                (b"x" * 70000, b"-ERR Protocol error: too big inline request\r\n"),
                (b"*2147483648\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"),
                (b"*1\r\n$536870913\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
                (b"*1\r\n$99999999999999999999\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
                (b"*1\r\n$-1\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
                (b"*" + b"1" * 70000, b"-ERR Protocol error: too big mbulk count string\r\n"),
                (b"*1\r\n$" + b"1" * 70000, b"-ERR Protocol error: too big bulk count string\r\n")):
            self.assertEqual(self.answer_to(sent), answer)

    def test_lengths_that_are_only_announced_take_no_memory(self):
        before = resident_bytes(self.server)
        opened = [self.connect() for _ in range(200)]
        for each in opened:
            each.sendall(b"*2147483647\r\n$536870912\r\nabc")
        self.call("ping")
        self.assertLess(resident_bytes(self.server) - before, 100 * MIB)

    def test_names_and_values_beyond_the_limits_are_an_error_and_the_connection_stays(self):
        self.assertRegex(self.call("set", b"k" * 70000, "v"), b"^-ERR key is longer than 65,472 bytes")
        self.assertRegex(self.call("hset", "h", b"f" * 70000, "v"), b"^-ERR field or member is longer than")
        self.assertRegex(self.call("set", "a", b"v" * (60 * MIB)), b"^-(ERR|MISCONF|OOM) .*(batch|memory|larger)")
        self.assertEqual(self.call("exists", "a", "h"), b":0")
        self.assertEqual(self.call("set", "a", b"v" * (8 * MIB)), b"+OK")
        self.assertEqual(self.call("strlen", "a"), b":%d" % (8 * MIB))
        self.assertRegex(self.call("setrange", "a", 1 << 29, "x"), b"^-ERR string exceeds maximum allowed size")

    def test_a_million_words_in_a_request_are_no_harm(self):
        words = 1_000_000
        self.client.socket.sendall(b"*%d\r\n$4\r\nMGET\r\n" % (words + 1) + b"$1\r\na\r\n" * words)
        self.assertEqual(len(self.client.reply()), words + 1)
        self.client.socket.sendall(b"MULTI\r\n" + b"PING\r\n" * 100_000 + b"EXEC\r\n")
        for _ in range(100_001):
            self.client.reply()
        self.assertEqual(len(self.client.reply()), 100_001)

    def test_garbage_of_any_kind_is_no_harm(self):
        for seed in range(200):
            opened = self.connect()
            garbage = bytes((seed * 7919 + i * i * 31 + i * seed) % 256 for i in range(500))
            try:
                opened.sendall(garbage + b"\r\n*1\r\n$4\r\nQUIT\r\n")
                opened.close()
            except ConnectionError:
                pass


class DiskFull(unittest.TestCase):
    def test_a_full_disk_is_told_of_and_room_is_enough_to_go_on(self):
        if SMALL_DISK not in os.environ:
            with tempfile.TemporaryDirectory() as folder:
                mount = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=48m none "$0" && exec "$@"', folder]
                if subprocess.run([*mount, "true"], stderr=subprocess.DEVNULL).returncode != 0:
                    self.skipTest("nothing can be mounted here")
                done = subprocess.run([*mount, sys.executable, __file__, PROGRAM, "DiskFull"],
                                      env={**os.environ, SMALL_DISK: folder}, timeout=300)
            self.assertEqual(done.returncode, 0)
            return
        folder = pathlib.Path(os.environ[SMALL_DISK])
        with amethystd(PROGRAM, "--maxmemory", "48mb", data=folder / "data") as server:
            self.fill_and_go_on(server, folder)

    def fill_and_go_on(self, server, folder):
        client = Client(server.port)
        self.assertEqual(client.call([b"set", b"kept", b"1"]), b"+OK")
        ballast = folder / "ballast"
        room = os.statvfs(folder)
        with open(ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_bsize - 6 * MIB)
        written, refusals = [b"kept"], []
        for number in range(1000):
            answer = client.call([b"set", b"k%d" % number, os.urandom(64 << 10)])
            if answer == b"+OK":
                written.append(b"k%d" % number)  # Also later: a flush may have made some room.
                continue
            refusals.append(answer)
            self.assertRegex(answer, b"^-MISCONF .*(space|full)")
            self.assertEqual(client.call([b"exists", b"k%d" % number]), b":0")
            if len(refusals) == 5:
                break
        self.assertEqual(len(refusals), 5)
        print(f"a full disk: {refusals[0].decode()}")
        self.assertEqual(client.call([b"get", b"kept"]), b"$1\r\n1")
        self.assertEqual(client.call([b"dbsize"]), b":%d" % len(written))
        ballast.unlink()
        until(lambda: client.call([b"set", b"after", os.urandom(64 << 10)]) == b"+OK", "it writes again")
        server.end()
        server.start()
        client = Client(server.port)
        self.assertEqual(client.call([b"dbsize"]), b":%d" % (len(written) + 1))
        self.assertEqual(client.call([b"exists", b"after", *written]), b":%d" % (len(written) + 1))


def main():
    global PROGRAM
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    PROGRAM = sys.argv[1]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, max(DESCRIPTORS, most)))  # Root may raise it.
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=1, warnings="ignore")


if __name__ == "__main__":
    sys.exit(main())
