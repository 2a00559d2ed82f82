"""Merges, and entries that expire, against the library that AMETHYST_LIBRARY names."""
from datetime import datetime, timedelta, timezone

import amethyst
import pytest


def number(value):
    return int.from_bytes(value, "little", signed=True)


class TestMerge:
    def test_a_counter_counts_without_reads(self):
        with amethyst.open("db", environment=amethyst.Environment(), merge_operator="int64.add") as db:
            db.incr(b"hits")
            db.incr(b"hits", 41, durability="sync")
            db.incr(b"down", -2)
            assert number(db[b"hits"]) == 42 and number(db[b"down"]) == -2
            with db.batch() as batch:
                batch.incr(b"hits", -1)
                batch.merge(b"hits", (1 << 40).to_bytes(8, "little"))
            assert number(db[b"hits"]) == 41 + (1 << 40)
            db.incr(b"most", (1 << 64) - 1)
            assert number(db[b"most"]) == -1
            for n in (1 << 64, -(1 << 63) - 1):
                with pytest.raises(amethyst.InvalidArgumentError, match="64 bits"):
                    db.incr(b"hits", n)
            with pytest.raises(TypeError):
                db.incr(b"hits", 1.5)
            with pytest.raises(amethyst.InvalidArgumentError, match="takes 8"):
                db.merge(b"hits", b"x")

    def test_without_an_operator_it_is_refused(self, db):
        with pytest.raises(amethyst.InvalidArgumentError, match="no merge operator"):
            db.merge(b"k", b"v")
        with pytest.raises(amethyst.InvalidArgumentError, match="int64.add"):
            amethyst.open("other", environment=amethyst.Environment(), merge_operator="sum")

    def test_an_operand_expires_by_itself(self):
        with amethyst.open("db", environment=amethyst.Environment(), merge_operator="max") as db:
            db.merge(b"k", b"b")
            db.merge(b"k", b"z", expires_at=datetime(1971, 1, 1, tzinfo=timezone.utc))
            with db.batch() as batch:
                batch.merge(b"k", b"y", expires_at=datetime(1971, 1, 1, tzinfo=timezone.utc))
                batch.merge(b"k", b"c", ttl=60)
            assert db[b"k"] == b"c"


    def test_a_family_has_its_own(self, db):
        counters = db.create_family("counters", merge_operator="int64.add")
        counters.incr(b"hits", 2)
        with counters.batch() as batch:
            batch.incr(b"hits")
            batch.merge(b"hits", (1).to_bytes(8, "little"), family=counters)
        assert number(counters[b"hits"]) == 4 and b"hits" not in db
        with pytest.raises(amethyst.InvalidArgumentError, match="no merge operator"):
            with db.batch() as batch:
                batch.incr(b"hits", family=counters)
                batch.incr(b"hits")
        assert number(counters[b"hits"]) == 4


class TestExpiry:
    def test_an_entry_lives_as_long_as_its_write_says(self, db):
        moment = datetime(2100, 1, 1, tzinfo=timezone.utc)
        db.put(b"moment", b"v", expires_at=moment)
        db.put(b"span", b"v", ttl=timedelta(days=1))
        db.put(b"seconds", b"v", ttl=3600.5)
        db.put(b"gone", b"v", expires_at=datetime(1971, 1, 1, tzinfo=timezone.utc))
        db.put(b"before", b"v", expires_at=datetime(1901, 1, 1, tzinfo=timezone.utc))
        db.put(b"stays", b"v")
        assert list(db) == [b"moment", b"seconds", b"span", b"stays"]
        assert db.expiry(b"moment") == moment and db.expiry(b"stays") is None
        assert timedelta(hours=22) < db.expiry(b"span") - db.expiry(b"seconds") < timedelta(hours=24)
        with pytest.raises(KeyError):
            db.expiry(b"gone")
        local = datetime(2100, 6, 1)  # Of the machine's own time zone.
        db.put(b"local", b"v", expires_at=local)
        assert db.expiry(b"local") == local.astimezone(timezone.utc)

    def test_the_ttl_of_the_database_is_for_what_says_nothing(self):
        with amethyst.open("db", environment=amethyst.Environment(), ttl=timedelta(hours=1)) as db:
            db[b"a"] = b"v"
            db.put(b"b", b"v", expires_at=amethyst.NEVER)
            assert db.expiry(b"a") is not None and db.expiry(b"b") is None

    def test_a_family_has_a_ttl_of_its_own(self, db):
        sessions = db.create_family("sessions", ttl=timedelta(minutes=30))
        sessions[b"a"] = db[b"a"] = b"v"
        assert sessions.expiry(b"a") is not None and db.expiry(b"a") is None

    def test_a_batch_has_them_too(self, db):
        users = db.create_family("users")
        with db.batch() as batch:
            batch.put(b"a", b"v", ttl=60)
            batch.put(b"b", b"v", expires_at=amethyst.NEVER)
            batch.put(b"c", b"v", ttl=60, family=users)
        assert db.expiry(b"a") is not None and db.expiry(b"b") is None and users.expiry(b"c") is not None

    def test_a_snapshot_has_its_time(self, db):
        db.put(b"a", b"v", ttl=3600)
        with db.snapshot() as snapshot:
            assert snapshot.expiry(b"a") == db.expiry(b"a")

    def test_what_is_no_time_is_refused(self, db):
        for settings in ({"ttl": 0}, {"ttl": -1}, {"ttl": timedelta(0)}, {"ttl": float("nan")}, {"ttl": float("inf")},
                         {"ttl": 1e300}, {"ttl": timedelta.max}, {"ttl": 0.0001},
                         {"ttl": 1, "expires_at": amethyst.NEVER}):
            with pytest.raises(amethyst.InvalidArgumentError):
                db.put(b"k", b"v", **settings)
        for settings in ({"ttl": "1"}, {"ttl": True}, {"expires_at": 1}, {"expires_at": "2100-01-01"}):
            with pytest.raises(TypeError):
                db.put(b"k", b"v", **settings)
        assert not db
