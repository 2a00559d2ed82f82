#!/usr/bin/env python3
"""amethystd's HTTP from outside: curl asks for it, and promtool reads what Prometheus would.

    tests/server/http_check.py AMETHYSTD

Also: every metric that the board and the alert rules name is there, their expressions can be parsed, and the rules
fire when they should (amethyst.rules_test.yml). Exits with 77 where curl, redis-cli or promtool is missing.
"""
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "packaging/prometheus/amethyst.rules.yml"
BOARD = ROOT / "packaging/grafana/amethyst.json"
SKIPPED = 77
SECONDS_MAX = 60
METRIC = re.compile(r"\bamethyst_\w+")
PROGRAM = None


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS_MAX,
                          check=False, **options)


@contextlib.contextmanager
def server(*settings):
    """Yields where HTTP is, and the path of the Unix socket."""
    with tempfile.TemporaryDirectory() as directory:
        socket = f"{directory}/socket"
        command = [PROGRAM, "--dir", f"{directory}/data", "--port", "0", "--unixsocket", socket,
                   "--http", "127.0.0.1:0", *settings]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            address = next(filter(None, (re.search(r"http://[\d.:]+", line) for line in process.stdout)))
            try:
                yield address.group(), socket
            finally:
                process.terminate()


def curl(*arguments):
    """The status and the body."""
    answer = run("curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *arguments).stdout
    body, _, status = answer.rpartition("\n")
    return int(status), body


def described(text):
    """The names that samples of the text can have."""
    names = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        names |= {name + end for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names


def rule_expressions():
    return re.findall(r"^\s+expr: (.+)$", RULES.read_text(), re.MULTILINE)


def board_expressions():
    board = json.loads(BOARD.read_text())
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]


class HttpCheck(unittest.TestCase):
    def test_pages_are_read_and_nothing_else(self):
        with server() as (address, _):
            self.assertEqual(curl(address + "/")[0], 200)
            self.assertEqual(curl(address + "/", "--next", "-sS", "-w", "\n%{http_code}", address + "/")[0], 200)
            self.assertEqual(curl("-I", address + "/")[0], 200)
            self.assertEqual(curl("--http1.0", address + "/")[0], 200)
            self.assertEqual(curl(address + "/nowhere")[0], 404)
            self.assertEqual(curl("-d", "text", address + "/")[0], 405)
            self.assertEqual(curl("-T", "-", address + "/")[0], 405)
            self.assertEqual(curl("-X", "GET", "-d", "text", address + "/")[0], 413)
            self.assertEqual(curl("-H", "Host: evil.example", address + "/")[0], 421)
            self.assertEqual(curl("-H", "X: " + 20_000 * "x", address + "/")[0], 431)
            self.assertEqual(curl("--path-as-is", address + "/../../etc/passwd")[0], 404)

    def test_the_password_is_wanted(self):
        with server("--requirepass", "geheim", "--http-names", "db.example") as (address, _):
            self.assertEqual(curl(address + "/metrics")[0], 401)
            self.assertEqual(curl("-u", "default:wrong", address + "/metrics")[0], 401)
            self.assertEqual(curl("-u", "default:geheim", "-H", "Host: db.example", address + "/metrics")[0], 200)

    def test_metrics_are_clean_and_hold_what_the_board_and_the_rules_name(self):
        with server() as (address, socket):
            run("redis-cli", "-s", socket, "set", "a", "1")
            run("redis-cli", "-s", socket, "incr", "a", "b")
            status, text = curl(address + "/metrics")
        self.assertEqual(status, 200)
        checked = run("promtool", "check", "metrics", input=text + "\n")
        self.assertEqual((checked.returncode, checked.stdout), (0, ""))
        names = described(text)
        for expression in rule_expressions() + board_expressions():
            for name in METRIC.findall(expression):
                self.assertIn(name, names, expression)

    def test_rules_are_right(self):
        checked = run("promtool", "check", "rules", str(RULES))
        self.assertEqual(checked.returncode, 0, checked.stdout)
        text = RULES.read_text()
        alerts = re.findall(r"- alert: (\w+)", text)
        self.assertEqual(len(alerts), text.count("\n          summary: "))
        self.assertEqual(len(alerts), text.count("\n          action: "))
        tests = pathlib.Path(__file__).with_name("amethyst.rules_test.yml")
        fired = run("promtool", "test", "rules", str(tests))
        self.assertEqual(fired.returncode, 0, fired.stdout)
        for alert in alerts:
            self.assertIn(f"- name: {alert}\n", tests.read_text())

    def test_the_board_can_be_parsed(self):
        board = json.loads(BOARD.read_text())
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        places = [(x, panel["gridPos"]["y"] + y) for panel in board["panels"]
                  for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
                  for y in range(panel["gridPos"]["h"])]
        self.assertEqual(len(places), len(set(places)), "panels overlap")
        self.assertLess(max(x for x, _ in places), 24)
        with tempfile.TemporaryDirectory() as directory:
            rules = pathlib.Path(directory) / "board.yml"
            expressions = [expression.replace("$__rate_interval", "5m") for expression in board_expressions()]
            rules.write_text(json.dumps({"groups": [{"name": "board", "rules": [
                {"record": f"board:{i}", "expr": expression} for i, expression in enumerate(expressions)]}]}))
            checked = run("promtool", "check", "rules", str(rules))
        self.assertEqual(checked.returncode, 0, checked.stdout)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    PROGRAM = sys.argv.pop()
    if not all(shutil.which(program) for program in ("curl", "promtool", "redis-cli")):
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
