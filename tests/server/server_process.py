"""A server that runs for a test, and a plain connection to one.

    with amethystd(PROGRAM, "--appendfsync", "always") as server: Client(server.port).call([b"ping"])
"""
import contextlib
import pathlib
import signal
import socket
import subprocess
import tempfile
import time


class Client:
    """One connection, whose replies keep their bytes: a line and a bulk as one text, an array as a list."""

    def __init__(self, port, resp=2):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.buffer = b""
        if resp == 3:
            self.call([b"hello", b"3"])

    def call(self, words):
        self.send(words)
        return self.reply()

    def send(self, words):
        self.send_all([words])

    # Requests of one pipeline.
    def send_all(self, requests):
        self.socket.sendall(b"".join(
            b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
            for words in requests))

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def more(self):
        received = self.socket.recv(1 << 16)
        if not received:
            raise ConnectionError("the server has closed the connection")
        self.buffer += received

    def reply(self):
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind in b"$=":
            length = int(rest)
            if length < 0:
                return line
            while len(self.buffer) < length + 2:
                self.more()
            body, self.buffer = self.buffer[:length], self.buffer[length + 2:]
            return line + b"\r\n" + body
        if kind in b"*~>%":
            count = int(rest) * (2 if kind == b"%" else 1)
            return [line] + [self.reply() for _ in range(max(count, 0))]
        return line


class Server:
    """`log`: the file that gets what it prints."""

    def __init__(self, arguments, port, log=None):
        self.arguments, self.port, self.log, self.process = arguments, port, log, None

    def start(self):
        with open(self.log or "/dev/null", "ab") as out:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{self.arguments[0]} does not listen")

    def end(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def amethystd(program, *settings, data=None):
    """A server with a folder of its own, which goes with it; `socket`, where it listens too, and `log` are there."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        server = Server([program, "--port", str(port), "--dir", str(data or f"{folder}/data"), "--unixsocket",
                         f"{folder}/socket", *settings], port, log=f"{folder}/log")
        server.folder = pathlib.Path(folder)
        server.start()
        try:
            yield server
        finally:
            server.end()
