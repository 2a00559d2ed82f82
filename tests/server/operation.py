#!/usr/bin/env python3
"""amethystd as its operator sees it: settings in a file, log, signals, exit status, and what a supervisor hears.

    operation.py AMETHYSTD
"""
import json
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

from server_process import Client, Server, free_port


class Operation(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.port = free_port()
        self.settings = self.folder / "a.conf"
        self.log = self.folder / "log"
        lines = ["# mine", f"port {self.port}", f"dir {self.folder}/db", f"logfile {self.log}", "log-format json", ""]
        self.settings.write_text("\n".join(lines))
        self.supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.supervisor.close)
        self.supervisor.bind(str(self.folder / "notify"))
        self.supervisor.settimeout(60)

    def start(self):
        server = subprocess.Popen([PROGRAM, self.settings], env={"NOTIFY_SOCKET": str(self.folder / "notify")})
        self.addCleanup(server.kill)
        self.assertEqual(self.supervisor.recv(100), b"READY=1")
        client = Client(self.port, 2)
        self.addCleanup(client.socket.close)
        return server, client

    def end(self, server, how=signal.SIGTERM):
        server.send_signal(how)
        self.assertEqual(server.wait(60), 0)
        self.assertEqual(self.supervisor.recv(100), b"STOPPING=1")

    def events(self):
        return [json.loads(line)["event"] for line in self.log.read_text().splitlines()]

    def test_a_run_tells_its_log_and_its_supervisor(self):
        server, client = self.start()
        self.assertEqual(client.call([b"bgsave"]), b"+Background saving started")
        self.end(server)
        expected = ["start", "opened", "ready", "checkpoint-begin", "checkpoint-end", "stop", "ended"]
        self.assertEqual(self.events(), expected)
        stop = json.loads(self.log.read_text().splitlines()[-2])
        self.assertEqual((stop["level"], stop["reason"]), ("notice", "signal SIGTERM"))

    def test_who_sees_the_end_of_shutdown_finds_the_database_free(self):
        _, client = self.start()
        for key in range(8):  # What takes a while to be flushed.
            client.call([b"set", b"%d" % key, b"v" * 4_000_000])
        client.send([b"shutdown"])
        self.assertEqual(client.socket.recv(1), b"")
        self.assertEqual(self.supervisor.recv(100), b"STOPPING=1")
        server, client = self.start()
        self.assertEqual(client.call([b"dbsize"]), b":8")
        self.end(server)

    def test_a_log_that_was_moved_away_begins_anew(self):
        server, client = self.start()
        self.log.rename(self.folder / "log.1")
        client.call([b"save"])
        self.end(server, signal.SIGINT)
        self.assertEqual(self.events(), ["checkpoint-begin", "checkpoint-end", "stop", "ended"])
        self.assertEqual(stat.S_IMODE(self.log.stat().st_mode), 0o600)

    def test_settings_that_were_rewritten_are_there_at_the_next_start(self):
        server, client = self.start()
        client.call([b"config", b"set", b"timeout", b"77", b"requirepass", b"a b"])
        self.assertEqual(client.call([b"config", b"rewrite"]), b"+OK")
        self.end(server)
        self.assertTrue(self.settings.read_text().startswith("# mine\nport "))
        self.assertEqual(stat.S_IMODE(self.settings.stat().st_mode), 0o600)
        server, client = self.start()
        self.assertTrue(client.call([b"ping"]).startswith(b"-NOAUTH"))
        self.assertEqual(client.call([b"auth", b"a b"]), b"+OK")
        self.assertEqual(client.call([b"config", b"get", b"timeout"])[2], b"$2\r\n77")
        self.end(server)

    def test_few_descriptors_are_told_and_mean_fewer_clients(self):
        limited = f"ulimit -n 80 && exec {PROGRAM} {self.settings}"
        server = subprocess.Popen(["sh", "-c", limited], env={"NOTIFY_SOCKET": str(self.folder / "notify")})
        self.addCleanup(server.kill)
        self.assertEqual(self.supervisor.recv(100), b"READY=1")
        self.assertIn("few-descriptors", self.events())
        client = Client(self.port, 2)
        self.assertEqual(client.call([b"config", b"get", b"maxclients"])[2], b"$2\r\n40")
        client.socket.close()
        self.end(server)

    def test_it_listens_elsewhere_when_it_is_told(self):
        server, client = self.start()
        other = free_port()
        self.assertEqual(client.call([b"config", b"set", b"port", str(other).encode()]), b"+OK")
        moved = Client(other, 2)
        self.addCleanup(moved.socket.close)
        self.assertEqual(moved.call([b"ping"]), b"+PONG")
        self.assertEqual(client.call([b"ping"]), b"+PONG", "who is connected stays so")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            refused = client.call([b"config", b"set", b"timeout", b"7", b"port", str(taken.getsockname()[1]).encode()])
        self.assertIn(b"related to argument 'port') - ", refused)
        self.assertIn(b"is taken by another process", refused)
        self.assertEqual(client.call([b"config", b"get", b"timeout"])[2], b"$1\r\n0", "nothing has changed")
        refused = client.call([b"config", b"set", b"bind", b"0.0.0.0"])
        self.assertIn(b"related to argument 'bind') - others can reach 0.0.0.0", refused)
        twice = client.call([b"config", b"set", b"bind", b"127.0.0.1 127.0.0.1"])
        self.assertIn(b"related to argument 'bind') - bind names 127.0.0.1 twice", twice)
        refused = client.call([b"config", b"set", b"tls-port", str(free_port()).encode()])
        self.assertIn(b"related to argument 'tls-port') - tls-port wants tls-cert-file", refused)
        self.assertEqual(client.call([b"config", b"set", b"bind", b"0.0.0.0", b"requirepass", b"secret"]), b"+OK")
        wide = Client(other, 2)
        self.addCleanup(wide.socket.close)
        self.assertEqual(wide.call([b"auth", b"secret"]), b"+OK")
        self.assertIn(b"others can reach", wide.call([b"config", b"set", b"requirepass", b""]))
        self.assertEqual(wide.call([b"config", b"set", b"bind", b"127.0.0.1", b"requirepass", b""]), b"+OK")
        narrow = Client(other, 2)
        self.addCleanup(narrow.socket.close)
        self.assertEqual(narrow.call([b"ping"]), b"+PONG")
        self.end(server)

    def test_keys_go_to_another_server_and_stay_where_it_is_silent(self):
        _, client = self.start()
        other = Server([PROGRAM, "--port", str(port := free_port()), "--dir", str(self.folder / "other")], port)
        other.start()
        self.addCleanup(other.end)
        where = [b"migrate", b"localhost", str(port).encode()]
        self.assertEqual(client.call([b"mset", b"a", b"1", b"b", b"2"]), b"+OK")
        self.assertEqual(client.call([*where, b"", b"0", b"60000", b"keys", b"a", b"none"]), b"+OK")
        self.assertEqual(client.call([b"exists", b"a", b"b"]), b":1")
        there = Client(port, 2)
        self.addCleanup(there.socket.close)
        self.assertEqual(there.call([b"get", b"a"]), b"$1\r\n1")
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        nowhere = [b"migrate", b"127.0.0.1", str(silent.getsockname()[1]).encode()]
        self.assertEqual(client.call([*nowhere, b"b", b"0", b"20"]),
                         b"-IOERR error or timeout reading from target instance")
        self.assertEqual(client.call([b"get", b"b"]), b"$1\r\n2")

    def test_the_socket_has_the_permissions_of_its_setting(self):
        self.settings.write_text(self.settings.read_text() + f"unixsocket {self.folder}/socket\nunixsocketperm 720\n")
        server, client = self.start()
        self.assertEqual(stat.S_IMODE((self.folder / "socket").stat().st_mode), 0o720)
        self.assertIn(b"immutable", client.call([b"config", b"set", b"unixsocketperm", b"777"]))
        self.end(server)

    def test_what_is_wrong_ends_it_with_its_line_or_its_reason(self):
        self.settings.write_text("# mine\ntimeout x\n")
        done = subprocess.run([PROGRAM, self.settings], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("a.conf, line 2: 'timeout': argument couldn't be parsed into an integer", done.stderr)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            words = [PROGRAM, "--dir", self.folder / "db", "--port", str(taken.getsockname()[1])]
            done = subprocess.run(words, capture_output=True, text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is taken by another process", done.stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
