"""Followers, against the library that AMETHYST_LIBRARY names."""
import subprocess
import sys

import amethyst
import pytest
from conftest import fill

SMALL = {"memory_budget_bytes": 8 << 20}

WRITER = """
import sys
import amethyst

db = amethyst.open(sys.argv[1], memory_budget_bytes=8 << 20)
for number, line in enumerate(sys.stdin):
    db[b"line"] = line.strip().encode()
    print(number, flush=True)
"""


@pytest.fixture
def environment():
    return amethyst.Environment()


class TestFollower:
    def test_goes_along_with_its_writer(self, environment):
        with amethyst.open("db", environment=environment, **SMALL) as writer:
            fill(writer, "ab")
            with amethyst.open_follower("db", environment=environment, refresh_interval_ms=0, **SMALL) as follower:
                assert dict(follower) == {b"a": b"A", b"b": b"B"}
                with follower.snapshot() as before:
                    del writer[b"a"]
                    writer.create_family("f")[b"k"] = b"v"
                    writer.flush()
                    assert b"a" in follower  # It looks in refresh alone.
                    assert follower.stats()["sequence"] < writer.stats()["sequence"]
                    assert follower.stats()["follower"]["age_ms"] >= 0 and writer.stats()["follower"] is None
                    follower.refresh()
                    assert list(follower) == [b"b"] and follower.family("f")[b"k"] == b"v"
                    assert dict(before) == {b"a": b"A", b"b": b"B"}
            writer.refresh()  # Nothing to do.

    def test_a_range_keeps_its_moment(self, environment):
        with amethyst.open("db", environment=environment, **SMALL) as writer:
            fill(writer, "abc")
            with amethyst.open_follower("db", environment=environment, refresh_interval_ms=0, **SMALL) as follower:
                walk = follower.range()
                assert next(iter(walk)) == (b"a", b"A")
                writer.clear()
                follower.refresh()
                assert [key for key, _ in walk] == [b"b", b"c"] and list(follower) == []

    def test_reads_its_writers_change_feed(self, environment):
        with amethyst.open("db", environment=environment, **SMALL) as writer:
            writer.create_cursor("c")
            with amethyst.open_follower("db", environment=environment, refresh_interval_ms=0, **SMALL) as follower:
                with follower.feed("c", reach="visible") as feed:
                    fill(writer, "ab")
                    assert feed.next(0) is None
                    follower.refresh()
                    events = [feed.next(0), feed.next(0)]
                    assert [event.entries[0].key for event in events] == [b"a", b"b"]
                    with pytest.raises(amethyst.NotSupportedError, match="position"):
                        feed.commit()
                assert [cursor["name"] for cursor in follower.cursors()] == ["c"]
                with writer.feed(position=events[0].position, reach="visible") as feed:
                    assert feed.next(0).entries[0].key == b"b"  # A position is good in each process.

    def test_refuses_writes_and_wrong_calls(self, environment):
        with pytest.raises(amethyst.InvalidArgumentError):
            amethyst.open_follower("db", environment=environment)  # There is none.
        with amethyst.open("db", environment=environment, **SMALL):
            for wrong in ({"grace_s": -1}, {"refresh_interval_ms": 1 << 32}, {"memory_budget_bytes": 7}):
                with pytest.raises(amethyst.InvalidArgumentError):
                    amethyst.open_follower("db", environment=environment, **wrong)
            follower = amethyst.open_follower("db", environment=environment, **SMALL)
            with pytest.raises(amethyst.NotSupportedError):
                follower[b"a"] = b"b"
            follower.close()
            with pytest.raises(amethyst.ClosedError):
                follower.refresh()

    def test_reads_beside_a_process_that_writes(self, tmp_path):
        path = str(tmp_path / "db")
        with subprocess.Popen([sys.executable, "-c", WRITER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as writer:
            def write(line):
                writer.stdin.write(line + "\n")
                writer.stdin.flush()
                assert writer.stdout.readline() != ""

            write("one")
            with amethyst.open_follower(path, refresh_interval_ms=0, **SMALL) as follower:
                assert follower[b"line"] == b"one"
                write("two")
                follower.refresh()
                assert follower[b"line"] == b"two"
                writer.kill()
                writer.wait()
                follower.refresh()
                assert follower[b"line"] == b"two"
                with amethyst.open(path, **SMALL) as next_writer:
                    next_writer[b"line"] = b"three"
                    follower.refresh()
                    assert follower[b"line"] == b"three"
