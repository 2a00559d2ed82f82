#!/usr/bin/env python3
"""redis-cli talks to amethystd over TLS, with certificates that openssl makes here.

    tls.py AMETHYSTD

Exits with 77 where redis-cli or openssl is missing.
"""
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

from redis_compare import Server, free_port


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_certificates(folder):
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout",
            "ca.key", "-out", "ca.crt")
    for name in ("server", "client"):
        make_certificate(folder, name)


def make_certificate(folder, name):
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
            f"{name}.csr")
    openssl(folder, "x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", f"{name}.crt")
    openssl(folder, "rsa", "-aes256", "-passout", "pass:secret", "-in", f"{name}.key", "-out", f"{name}.locked")


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        make_certificates(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def start(self, *settings, key="server.key"):
        self.port = free_port()
        files = ["--tls-cert-file", self.folder / "server.crt", "--tls-key-file", self.folder / key,
                 "--tls-ca-cert-file", self.folder / "ca.crt", "--logfile", self.folder / "log"]
        words = [PROGRAM, "--port", "0", "--tls-port", self.port, "--dir", self.folder / "db", *files, *settings]
        server = Server([str(word) for word in words], self.port)
        server.start()
        self.addCleanup(self.stop, server)
        return server

    @staticmethod
    def stop(server):
        if server.process and server.process.poll() is None:
            server.end()

    def call(self, *words, with_certificate=True, more=(), text=None):
        files = ["--tls", "--cacert", self.folder / "ca.crt"]
        if with_certificate:
            files += ["--cert", self.folder / "client.crt", "--key", self.folder / "client.key"]
        done = subprocess.run(["redis-cli", "-p", str(self.port), *map(str, files), *more, *words], input=text,
                              capture_output=True, text=True, timeout=30)
        return (done.stdout + done.stderr).strip()

    def context(self, certificate=True):
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        context.check_hostname = False
        if certificate:
            context.load_cert_chain(self.folder / "client.crt", self.folder / "client.key")
        return context

    def connect(self, context):
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=20))

    def test_a_client_with_a_certificate_is_answered(self):
        self.start()
        self.assertEqual(self.call("ping"), "PONG")
        self.assertEqual(self.call("-x", "set", "big", text="v" * 3_000_000), "OK")
        self.assertEqual(len(self.call("get", "big")), 3_000_000)
        self.assertNotEqual(self.call("ping", with_certificate=False), "PONG")

    def test_a_pipeline_comes_back_in_order(self):
        self.start()
        with self.connect(self.context()) as client:
            requests, replies = b"", b""
            for i in range(3000):
                requests += b"echo %s\r\n" % (b"%d" % i * 50)
                replies += b"$%d\r\n%s\r\n" % (len(b"%d" % i) * 50, b"%d" % i * 50)
            client.sendall(requests)
            received = b""
            while len(received) < len(replies):
                received += client.recv(1 << 16)
            self.assertEqual(received, replies)
            client.sendall(b"quit\r\n")
            self.assertEqual(client.recv(100), b"+OK\r\n")
            self.assertEqual(client.recv(100), b"", "it ends as TLS ends, not cut off")

    def test_certificates_may_be_optional_or_unwanted(self):
        for wanted in ("optional", "no"):
            server = self.start("--tls-auth-clients", wanted)
            self.assertEqual(self.call("ping", with_certificate=False), "PONG")
            self.assertEqual(self.call("ping"), "PONG")
            server.end()

    def test_a_key_may_have_a_password(self):
        self.start("--tls-key-file-pass", "secret", key="server.locked")
        self.assertEqual(self.call("ping"), "PONG")
        self.assertEqual(self.call("config", "get", "tls-port"), f"tls-port\n{self.port}")

    def test_protocols_and_ciphers_are_as_set(self):
        self.start("--tls-protocols", "TLSv1.2", "--tls-ciphers", "ECDHE-RSA-AES256-GCM-SHA384",
                   "--tls-prefer-server-ciphers", "yes", "--tls-session-caching", "no")
        with self.connect(self.context()) as client:
            self.assertEqual((client.version(), client.cipher()[0]), ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"))
        newer = self.context()
        newer.minimum_version = ssl.TLSVersion.TLSv1_3
        with self.assertRaises(ssl.SSLError):
            self.connect(newer)

    def test_a_client_comes_back_with_its_session(self):
        for caching in ("yes", "no"):
            server = self.start("--tls-session-caching", caching)
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = self.context()
                context.minimum_version = context.maximum_version = version
                session = None
                for _ in range(2):
                    with context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=20),
                                             session=session) as client:
                        client.sendall(b"ping\r\n")
                        self.assertEqual(client.recv(100), b"+PONG\r\n")
                        session = client.session
            server.end()

    def test_what_is_no_tls_is_closed_and_told(self):
        self.start("--loglevel", "verbose")
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(b"*1\r\n$4\r\nping\r\n")
            self.assertNotIn(b"PONG", client.recv(100))
        self.assertEqual(self.call("ping"), "PONG")
        self.assertIn("no TLS with 127.0.0.1:", (self.folder / "log").read_text())

    def test_who_says_nothing_is_closed_after_ten_seconds(self):
        self.start()
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            self.assertEqual(client.recv(100), b"")

    def test_a_hangup_reads_the_certificates_anew(self):
        server = self.start()
        with self.connect(self.context()) as before:
            first = before.getpeercert(binary_form=True)
            make_certificate(self.folder, "server")
            server.process.send_signal(signal.SIGHUP)
            before.sendall(b"ping\r\n")
            self.assertEqual(before.recv(100), b"+PONG\r\n")
            with self.connect(self.context()) as after:
                self.assertNotEqual(after.getpeercert(binary_form=True), first)

    def test_config_set_takes_another_certificate_or_stays_with_the_one_that_it_has(self):
        self.start()
        make_certificate(self.folder, "other")
        with self.connect(self.context()) as before:
            first = before.getpeercert(binary_form=True)
            before.sendall(f"config set tls-cert-file {self.folder}/other.crt\r\n".encode())
            self.assertIn(b"key values mismatch", before.recv(1000))
            with self.connect(self.context()) as still:
                self.assertEqual(still.getpeercert(binary_form=True), first)
            files = f"tls-cert-file {self.folder}/other.crt tls-key-file {self.folder}/other.key"
            before.sendall(f"config set {files}\r\n".encode())
            self.assertEqual(before.recv(1000), b"+OK\r\n")
            with self.connect(self.context()) as after:
                self.assertNotEqual(after.getpeercert(binary_form=True), first)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    if not shutil.which("redis-cli") or not shutil.which("openssl"):
        sys.exit(77)
    unittest.main()
